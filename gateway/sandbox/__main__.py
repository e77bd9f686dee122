"""`python -m gateway.sandbox`: runs the sandbox until it is told to stop."""

import asyncio
import logging
import os
import signal
import sys

import uvloop

from gateway.sandbox.app import running
from gateway.sandbox.settings import Settings, SettingsError, read_settings


def main() -> int:
    """Run until SIGTERM or SIGINT; gives the exit code (2: wrong configuration)."""
    logging.basicConfig(level=logging.WARNING, format="sandbox %(levelname)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own deprecated names at every login
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"The sandbox cannot start:\n{error}\n")
        return 2
    try:
        uvloop.run(_serve(settings))
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    told_to_stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told_to_stop.set)
    async with running(settings) as world:
        sys.stdout.write(f"sandbox: {world.base_url}/sandbox/ and SMTP on 127.0.0.1:{world.smtp_port}\n")
        sys.stdout.flush()
        await told_to_stop.wait()


if __name__ == "__main__":
    sys.exit(main())
