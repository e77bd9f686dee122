"""A whole Eshnav for fault tests: real servers, apps, workers and sandbox as processes, each of which may be killed.

Everything the product says to PostgreSQL, Valkey and the providers goes through fault proxies.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp
import asyncpg
import psutil
from fault_proxy import FaultProxy, fault_proxy

from gateway.bench.stage import free_ports
from gateway.config import Settings, load_settings
from gateway.embedded.postgres import start_postgres
from gateway.embedded.process import Server, ServerFailed
from gateway.embedded.valkey import start_valkey
from gateway.operations.sample import load_sample
from gateway.outbox.reconcile import reconcile
from gateway.outbox.sweeping import sweep
from gateway.runtime.assemble import builder_of, open_notifier, open_registry
from gateway.store.db import open_pool
from gateway.store.migrate import migrate

_READY_SECONDS = 40
_COMMANDS = {"app": ("gateway.cli", "app"), "worker": ("gateway.cli", "worker"), "sandbox": ("gateway.sandbox",)}


@dataclass(kw_only=True)
class Town:
    """What runs, and how to hurt it. Parts are named `app`, `app2`, `worker`, `worker2`, `sandbox`."""

    folder: Path
    environ: dict[str, str]
    sandbox_port: int
    app_ports: Mapping[str, tuple[int, int]]
    postgres: Server
    valkey: Server
    pool: asyncpg.Pool
    database: FaultProxy
    redis: FaultProxy
    provider: FaultProxy
    http: aiohttp.ClientSession
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """What the product's processes are told."""
        return load_settings(self.environ)

    def url(self, app: str = "app") -> str:
        """Where this app answers."""
        return f"http://127.0.0.1:{self.app_ports[app][0]}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox answers, past its fault proxy."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def spawn(self, name: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start a part anew, without waiting for it."""
        if self.is_running(name):
            self.processes[name].kill()
            self.processes[name].wait()
        kind = name.rstrip("2")
        told = self.environ | environ
        if kind == "sandbox":
            told |= self.settings.sandbox_environ() | {"SANDBOX_PORT": str(self.sandbox_port)}
        if kind == "app":
            port, smtp_port = self.app_ports[name]
            told |= {"PORT": str(port), "SMTP_PORT": str(smtp_port)}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *_COMMANDS[kind]], env=told, stdout=log, stderr=log
            )
        return self.processes[name]

    def is_running(self, name: str) -> bool:
        """Whether this part is alive."""
        return name in self.processes and self.processes[name].poll() is None

    async def run(self, *names: str) -> None:
        """Start those of these parts that do not run, and wait until they are ready."""
        for name in names:
            if not self.is_running(name):
                self.spawn(name)
        for name in names:
            await self.ready(name)

    async def ready(self, name: str) -> None:
        """Wait until a part can do its work, or has ended; a worker begins by itself, and nobody can ask it."""
        if name.startswith("worker"):
            return
        path = f"{self.sandbox_url}/healthz" if name == "sandbox" else f"{self.url(name)}/readyz"

        async def is_ready_or_gone() -> bool:
            return not self.is_running(name) or await self._answers_well(path)

        await until(is_ready_or_gone, seconds=_READY_SECONDS, what=f"{name}\n{self.last_words(name)}")

    async def _answers_well(self, url: str) -> bool:
        try:
            async with self.http.get(url) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def kill(self, *names: str) -> None:
        """kill -9, and what a killed worker leased counts as run out."""
        for name in names:
            self.processes[name].kill()
            await asyncio.to_thread(self.processes[name].wait)

    async def stop(self, *names: str) -> None:
        """SIGTERM, and wait for a clean end."""
        for name in names:
            if self.is_running(name):
                self.processes[name].terminate()
                assert await asyncio.to_thread(self.processes[name].wait, 30) == 0, self.last_words(name)

    async def died(self, name: str, *, seconds: float = 20) -> int:
        """Wait until a part ended by itself, and give its exit code."""
        return await asyncio.to_thread(self.processes[name].wait, seconds)

    def last_words(self, name: str) -> str:
        """What a part wrote last."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    async def kill_postgres(self) -> None:
        """kill -9 of the postmaster; its children see it and end."""
        self.postgres.process.kill()
        await asyncio.to_thread(self.postgres.process.wait)

    async def start_postgres(self) -> None:
        """Start PostgreSQL again, as a supervisor would: until it works."""
        self.postgres = await _revived(lambda: start_postgres(self.folder / "postgres"))

    async def kill_valkey(self) -> None:
        """kill -9 of Valkey."""
        self.valkey.process.kill()
        await asyncio.to_thread(self.valkey.process.wait)

    async def start_valkey(self) -> None:
        """Start Valkey again."""
        self.valkey = await _revived(lambda: start_valkey(self.folder / "valkey"))

    def freeze_postgres(self) -> Callable[[], None]:
        """SIGSTOP PostgreSQL with all its children; gives what lets it go on."""
        family = [psutil.Process(self.postgres.process.pid)]
        family += family[0].children(recursive=True)
        for process in family:
            process.suspend()

        def try_next_route() -> None:
            for process in reversed(family):
                process.resume()

        return try_next_route

    async def provider_counts(self) -> dict[str, int]:
        """How many times each delivery really reached a customer, by the product's own id."""
        async with self.http.get(f"{self.sandbox_url}/sandbox/api/outbox") as response:
            return dict((await response.json())["by_id"])

    async def provider_fault(self, **fault: object) -> None:
        """Tell the sandbox to misbehave."""
        async with self.http.post(f"{self.sandbox_url}/sandbox/api/faults", json=fault) as response:
            assert response.ok, await response.text()

    async def reset_provider(self) -> None:
        """Let the sandbox behave and forget, and the product forget that it ever did not."""
        async with self.http.post(f"{self.sandbox_url}/sandbox/api/reset", json={}) as response:
            assert response.ok
        async with self.http.delete(f"{self.sandbox_url}/sandbox/api/faults") as response:
            assert response.ok
        await self.pool.execute("UPDATE endpoint SET paused_until = NULL, paused_reason = NULL")

    async def expire_leases(self, *pids: int) -> None:
        """Let the leases of these dead workers run out at once, instead of within a minute."""
        for pid in pids:
            await self.pool.execute(
                "UPDATE delivery SET lease_until = now() - interval '1 second' WHERE status = 'sending'"
                " AND leased_by LIKE '%:' || $1::text || ':%'",
                str(pid),
            )
        await sweep(self.pool)

    async def reconcile(self) -> None:
        """Ask the provider about everything unknown, without waiting as long as the product would."""
        settings = self.settings
        await self.pool.execute("UPDATE delivery SET due_at = now() WHERE status = 'unknown'")
        async with (
            open_registry(settings.accounts, public_url=settings.public_url) as registry,
            open_notifier(None) as notifier,
        ):
            while await reconcile(self.pool, registry, builder_of(settings), notifier=notifier, wait_seconds=0):
                pass

    async def settled(self, after: int = 0, *, seconds: float = 120) -> dict[str, int]:
        """Wait until no spool waits, and nothing newer than delivery `after` is owed or sent; counts by status."""
        try:
            await until(lambda: self._is_settled(after), seconds=seconds, what="the outbox to be worked off")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self.owed(after)}") from None
        rows = await self.pool.fetch("SELECT status, count(*) FROM delivery WHERE id > $1 GROUP BY 1", after)
        return {row["status"]: row["count"] for row in rows}

    async def _is_settled(self, after: int) -> bool:
        return await self.are_spools_empty() and not await self.pool.fetchval(
            "SELECT count(*) FROM delivery WHERE id > $1 AND status IN ('queued', 'sending')", after
        )

    async def are_spools_empty(self) -> bool:
        """Whether every running app reaches PostgreSQL and has stored all that it took in while it could not."""
        for name in self.app_ports:
            if self.is_running(name):
                try:
                    async with self.http.get(f"{self.url(name)}/readyz") as response:
                        if not response.ok or (await response.json())["spool"]:
                            return False
                except (aiohttp.ClientError, TimeoutError):
                    return False
        return True

    async def owed(self, after: int) -> str:
        """What is not yet decided of the deliveries newer than `after`, a line each, for the message of a failure."""
        rows = await self.pool.fetch(
            "SELECT id, contact_id, status, purpose, lane, attempts, leased_by, lease_until - now() AS leased_for,"
            " due_at - now() AS due_in, error_code, reason FROM delivery"
            " WHERE id > $1 AND status IN ('queued', 'sending', 'unknown', 'sent') ORDER BY id LIMIT 20",
            after,
        )
        paused = await self.pool.fetch(
            "SELECT key, paused_until - now() AS rests, paused_reason FROM endpoint WHERE paused_until > now()"
        )
        lines = [" ".join(f"{name}={value}" for name, value in row.items()) for row in (*rows, *paused)]
        return "\n".join((*lines, self.last_words("worker")))

    async def newest_delivery(self) -> int:
        """The highest delivery id, so that a test can tell its own from earlier ones."""
        return await self.pool.fetchval("SELECT coalesce(max(id), 0) FROM delivery")


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float, what: str = "it") -> None:
    """Wait until something is true."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited {seconds} s for {what}") from None


async def _revived(start: Callable[[], Server]) -> Server:
    for _ in range(40):
        try:
            return await asyncio.to_thread(start)
        except ServerFailed as error:
            why = error
            await asyncio.sleep(0.25)
    raise why


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    """Build a town with servers, sandbox and the sample organisation; clear it away at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eshnav-town-")))
        postgres = await asyncio.to_thread(start_postgres, folder / "postgres")
        valkey = await asyncio.to_thread(start_valkey, folder / "valkey")
        built: list[Town] = []
        stack.push_async_callback(_clear_away, built, postgres, valkey)
        await migrate(postgres.url)
        pool = await open_pool(postgres.url, max_size=6)
        stack.push_async_callback(pool.close)
        await load_sample(pool)
        ports = free_ports(6)
        database = await stack.enter_async_context(fault_proxy(f"{_socket(postgres.url)}/.s.PGSQL.5432"))
        redis = await stack.enter_async_context(fault_proxy(unquote(urlsplit(valkey.url).path)))
        provider = await stack.enter_async_context(fault_proxy(("127.0.0.1", ports[4])))
        http = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15), connector=aiohttp.TCPConnector(limit=0))
        )
        environ = {
            **os.environ,
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{database.port}/eshnav",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "SENDERS": "1",
            "ESHNAV_DATA": str(folder / "data"),
            "PORT": str(ports[0]),
            "SMTP_PORT": str(ports[1]),
            "SANDBOX_PORT": str(provider.port),
            "SANDBOX_SMTP_PORT": str(ports[5]),
            "SANDBOX_URL": f"http://127.0.0.1:{provider.port}",
            "PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
            "LOG_LEVEL": "warning",
        }
        made = Town(
            folder=folder,
            environ=environ,
            sandbox_port=ports[4],
            app_ports={"app": (ports[0], ports[1]), "app2": (ports[2], ports[3])},
            postgres=postgres,
            valkey=valkey,
            pool=pool,
            database=database,
            redis=redis,
            provider=provider,
            http=http,
        )
        built.append(made)
        await made.run("sandbox")
        yield made


async def _clear_away(built: Iterable[Town], *servers: Server) -> None:
    for each in built:
        for process in each.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in each.processes.values():
            await asyncio.to_thread(process.wait, 30)
        servers = (each.valkey, each.postgres)
    for server in servers:
        await asyncio.to_thread(server.stop)


def _socket(url: str) -> str:
    return unquote(urlsplit(url).query.removeprefix("host="))
