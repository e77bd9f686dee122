"""The ceiling for mail: aiosmtpd as it comes, with a handler that drops what it gets.

Run as `python -m gateway.bench.bare_mail PORT`.
"""

import asyncio
import logging
import sys

import uvloop
from aiosmtpd.smtp import SMTP


class _Drop:
    async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 OK"


async def _serve(port: int) -> None:
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # as the gateway does
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Drop(), hostname="localhost", loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
