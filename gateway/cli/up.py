"""`eshnav up`: everything on one machine under one command. It starts, watches and stops; it serves nothing itself."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from gateway.cli.children import Child
from gateway.cli.preflight import check_ports, check_servers, migrate_or_explain
from gateway.cli.reach import only_one
from gateway.config import Settings
from gateway.embedded.postgres import start_postgres
from gateway.embedded.process import Server, ServerFailed
from gateway.embedded.valkey import start_valkey
from gateway.operations.sample import FirstLogin, load_sample, make_first_login
from gateway.store.db import open_pool

_READY_SECONDS = 60


def run_up(settings: Settings, console: Console) -> None:
    """Run everything until Ctrl-C or SIGTERM, then stop everything in order.

    Raises:
        ConfigurationError: a port is taken, or another Eshnav runs on this data; nothing was started.
        GatewayError: a server did not start or cannot be used.
    """
    if not settings.accounts:
        settings = settings.with_sandbox()
    check_ports(settings)
    with only_one(settings.data):
        asyncio.run(_Up(settings, console).run())


class _Up:
    """One run of everything."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._servers: list[Server] = []
        self._children: list[Child] = []
        self._logins: tuple[FirstLogin, ...] = ()
        self._stop = asyncio.Event()
        self._started = time.monotonic()

    async def run(self) -> None:
        """Start, wait for a signal, stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ask_to_stop)
        watching: list[asyncio.Task[None]] = []
        try:
            self._start_servers()
            check_servers(self._settings)
            await self._prepare_database()
            self._children = self._make_children()
            watching = [asyncio.create_task(child.keep_running()) for child in self._children]
            watching.append(asyncio.create_task(self._revive_servers()))
            if await self._is_ready():
                self._say_what_is_where()
            await self._stop.wait()
        finally:
            self._say_logins()
            self._console.print("Stopping: finishing what is under way (Ctrl-C again to stop at once) …")
            for group in (self._children[:2], self._children[2:]):
                await asyncio.gather(*(child.stop() for child in group))
            for task in watching:
                task.cancel()
            for server in reversed(self._servers):
                server.stop()
            self._console.print("Stopped.")

    def _ask_to_stop(self) -> None:
        if self._stop.is_set():
            for child in self._children:
                child.kill()
        self._stop.set()

    def _start_servers(self) -> None:
        if not self._settings.database_url:
            self._add(self._start_postgres())
            self._settings = replace(self._settings, database_url=self._servers[-1].url)
        if not self._settings.redis_url:
            self._add(self._start_valkey())
            self._settings = replace(self._settings, redis_url=self._servers[-1].url)

    def _start_postgres(self) -> Server:
        return start_postgres(self._settings.data / "postgres")

    def _start_valkey(self) -> Server:
        return start_valkey(self._settings.data / "valkey")

    def _add(self, server: Server) -> None:
        self._servers.append(server)
        self._console.print(f"{server.name} is running")

    async def _prepare_database(self) -> None:
        applied = await migrate_or_explain(self._settings.database_url)
        if applied:
            self._console.print(f"The database is up to date ({len(applied)} migrations applied)")
        pool = await open_pool(self._settings.database_url, max_size=2)
        try:
            self._logins = await (load_sample if self._settings.sandbox_url else make_first_login)(pool)
        finally:
            await pool.close()

    def _make_children(self) -> list[Child]:
        settings = self._settings
        environ = {**os.environ, **_words_for_children(settings)}
        here = (sys.executable, "-m", "gateway.cli")
        children = [
            Child(name="app", command=(*here, "app"), environ=environ),
            Child(name="worker", command=(*here, "worker"), environ=environ),
        ]
        if settings.sandbox_url:
            told = {**environ, **settings.sandbox_environ()}
            children.append(Child(name="sandbox", command=(sys.executable, "-m", "gateway.sandbox"), environ=told))
        return children

    async def _is_ready(self) -> bool:
        """Wait until the app answers, or until someone asks to stop."""
        host, port = _reachable(self._settings.host), self._settings.port
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until and not self._stop.is_set():
            if await _answers(host, port):
                return True
            await asyncio.sleep(0.1)
        if not self._stop.is_set():
            self._console.print(f"The app does not answer on {host}:{port} yet; its lines above say why")
        return False

    async def _revive_servers(self) -> None:
        """Start an embedded server again when it died; its clients reconnect by themselves, to the same place."""
        while True:
            await asyncio.sleep(0.5)
            for number, server in enumerate(self._servers):
                if server.is_running:
                    continue
                self._console.print(f"{server.name} ended by itself; starting it again")
                is_postgres = server.name == "PostgreSQL"
                try:
                    self._servers[number] = self._start_postgres() if is_postgres else self._start_valkey()
                except ServerFailed as error:
                    self._console.print(str(error), markup=False)

    def _say_what_is_where(self) -> None:
        settings = self._settings
        table = Table(title=f"Eshnav is up ({time.monotonic() - self._started:.1f} s)", show_header=False)
        table.add_row("Inbox", settings.public_url)
        table.add_row("Operations", f"{settings.public_url}/operations")
        table.add_row("Help page for customers", f"{settings.public_url}/help")
        if settings.sandbox_url:
            table.add_row("Play the customer", f"{settings.public_url}/sandbox")
        table.add_row("Mail (SMTP)", f"{settings.host}:{settings.smtp_port}")
        table.add_row("API", f"{settings.public_url}/api/v1/openapi.json")
        table.add_row("Data", str(settings.data))
        self._console.print(table)
        self._say_logins()

    def _say_logins(self) -> None:
        for login in self._logins:
            self._console.print(f"First login, shown only now: {login.email}  password: {login.password}", markup=False)
        self._logins = ()


def _words_for_children(settings: Settings) -> Mapping[str, str]:
    """Say what this process knows and its children cannot work out: the servers' places and the sandbox's."""
    words = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ESHNAV_DATA": str(settings.data),
        "SANDBOX_URL": settings.sandbox_url,
        "PYTHONUNBUFFERED": "1",
    }
    if not os.environ.get("LOG_FORMAT"):
        words["LOG_FORMAT"] = "console"
    return words


def _reachable(host: str) -> str:
    """Name an address a client on this machine can use for a server that listens on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return host


async def _answers(host: str, port: int) -> bool:
    """Ask the app whether it is ready; by hand, since a client library would take longer to load than it saves."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
