"""The ceiling for inbound webhooks: an aiohttp handler that verifies the signature, and does nothing else.

Run as `python -m gateway.bench.bare PORT`, configured like the app.
"""

import sys
from datetime import UTC, datetime

import uvloop
from aiohttp import web

from channels.contract import Request
from channels.registry import Registry
from gateway.config import load_settings


def main() -> None:
    """Serve until the process is ended."""
    settings = load_settings()
    adapter = Registry(settings.accounts, public_url=settings.public_url).adapters_of("twilio")[0]

    async def handle(request: web.Request) -> web.Response:
        adapter.verify(
            Request(
                method="POST",
                target=request.raw_path,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=await request.read(),
                received_at=datetime.now(UTC),
            )
        )
        return web.Response(text="<Response/>", content_type="text/xml")

    application = web.Application()
    application.router.add_post("/webhooks/twilio/message", handle)
    uvloop.install()
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
