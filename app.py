"""The web process, wired together: webhooks, API and screens over HTTP, mail over SMTP, and the intake they share."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
import uvloop

from channels.contract import Request
from channels.email.adapter import SOURCE as MAIL
from channels.registry import Registry
from gateway.config import Settings, load_settings
from gateway.domain.account import MailAccount
from gateway.domain.messages import Event
from gateway.intake import reference
from gateway.intake.reference import Reference
from gateway.mail.parsing import MailParser
from gateway.mail.server import start_mail_server
from gateway.operations.prepare import prepare
from gateway.redis.heartbeat import heartbeat, own_name
from gateway.runtime import failpoints
from gateway.runtime.assemble import open_services
from gateway.runtime.files import Files
from gateway.runtime.log import set_up_logging
from gateway.store.db import Pool, open_pool
from gateway.web import webhooks
from gateway.web.server.listening import ConnectionLimits
from gateway.web.server.services import Services
from gateway.web.server.serving import serve_http

log = structlog.get_logger(__name__)

# Intake has connections of its own: no screen can keep it waiting.
POOL_SIZE, INTAKE_CONNECTIONS = 12, 4
DATABASE_PATIENCE_SECONDS = 3.0
# Webhooks make much short-lived garbage beside many long-lived objects; collecting less often saves time on each.
_COLLECT_AFTER = 20_000


def main() -> None:
    """Run until told to stop; then finish what is under way, within 20 seconds."""
    settings = load_settings()
    set_up_logging(settings)
    failpoints.arm(settings.fault)
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    uvloop.run(run(settings))


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings) as port:
        log.info("serving", port=port, smtp_port=settings.smtp_port)
        await stop.wait()
        log.info("stopping")


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port. What was begun last ends first."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, min_size=0, max_size=POOL_SIZE, erasure_key=settings.erasure_key)
        stack.push_async_callback(pool.close)
        intake_pool = await open_pool(
            settings.database_url,
            min_size=0,
            max_size=INTAKE_CONNECTIONS,
            erasure_key=settings.erasure_key,
            by_index=True,
        )
        stack.push_async_callback(intake_pool.close)
        known = reference.unloaded(settings.endpoints)
        await _prepare(settings, pool, known, stack)
        services = await stack.enter_async_context(
            open_services(
                settings,
                pool=pool,
                intake_pool=intake_pool,
                reference=known,
                reparse_with=lambda registry, files: _Rereader(settings, registry, files, stack).read,
                when_broken=_stop_if_broken,
            )
        )
        if settings.redis_url:
            beating = asyncio.create_task(heartbeat(settings.redis_url, role="app", name=own_name()))
            stack.callback(beating.cancel)
        limits = ConnectionLimits(trusted=services.trusted_proxies)
        port = await stack.enter_async_context(
            serve_http(services, host=settings.host, port=settings.port, limits=limits)
        )
        await _take_mail(services, stack)
        yield port


async def _prepare(settings: Settings, pool: Pool, known: Reference, stack: AsyncExitStack) -> None:
    """Prepare the database, and go on without it when it is not there: what comes in is spooled until it is."""
    preparing = asyncio.create_task(prepare(settings.database_url, pool, known, settings.endpoints))
    if (await asyncio.wait({preparing}, timeout=DATABASE_PATIENCE_SECONDS))[0]:
        await preparing
        return
    preparing.add_done_callback(_stop_if_broken)
    stack.callback(preparing.cancel)


def _stop_if_broken(running: "asyncio.Task[None]") -> None:
    """End the process when what it cannot do without broke: it must not say that it is well."""
    if not running.cancelled() and running.exception() is not None:
        log.critical("broken", exc_info=running.exception())
        signal.raise_signal(signal.SIGTERM)


async def _take_mail(services: Services, stack: AsyncExitStack) -> None:
    settings = services.settings
    account = next((each for each in settings.accounts if isinstance(each, MailAccount)), None)
    if account is None:
        return

    async def accept(request: Request, events: Sequence[Event]) -> None:
        await services.intake.accept(request, await services.files.keep(events))

    server = await start_mail_server(host=settings.host, port=settings.smtp_port, account=account, accept=accept)
    stack.push_async_callback(server.close)


class _Rereader:
    """Reads a spooled payload again, with whatever read it the first time."""

    def __init__(self, settings: Settings, registry: Registry, files: Files, stack: AsyncExitStack) -> None:
        self._files = files
        account = next((each for each in settings.accounts if isinstance(each, MailAccount)), None)
        self._mail = MailParser(account) if account else None
        self._registry = registry
        if self._mail is not None:
            stack.push_async_callback(self._mail.close)

    async def read(self, request: Request) -> Sequence[Event]:
        """Read every event of a request that was verified when it came."""
        if request.source == MAIL and self._mail is not None:
            return await self._files.keep(await self._mail.parse(request))
        return webhooks.read_again(request, self._registry.adapters_of(request.source))


if __name__ == "__main__":
    main()
