"""A provider lean enough not to be what is measured: takes every Twilio and WhatsApp Cloud message, and notes when.

Run as `python -m gateway.bench.provider PORT`. The sandbox, which plays a provider in full, is many times slower.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Mapping
from typing import cast

import aiohttp
import orjson
import uvloop

_ARRIVALS = "/bench/arrivals"
_TWILIO_ANSWER = {
    "account_sid": "AC" + "5a" * 16,
    "api_version": "2010-04-01",
    "body": "",
    "date_created": "Mon, 16 Aug 2021 03:45:01 +0000",
    "date_sent": None,
    "date_updated": "Mon, 16 Aug 2021 03:45:01 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15005550006",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "sid": "SM%032x",
    "status": "queued",
    "subresource_uris": {"media": "/2010-04-01/Accounts/AC/Messages/SM/Media.json"},
    "to": "+972550000001",
    "uri": "/2010-04-01/Accounts/AC/Messages/SM.json",
}
_CLOUD_ANSWER = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "972550000001", "wa_id": "972550000001"}],
    "messages": [{"id": "wamid.%032x", "message_status": "accepted"}],
}


async def arrivals(port: int) -> Mapping[str, float]:
    """Ask the provider on this port for what came since the last time: the digits written to → when, monotonic."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{_ARRIVALS}") as answer:
        return cast("Mapping[str, float]", orjson.loads(await answer.read()))


class _Connection(asyncio.Protocol):
    ids = itertools.count(1)

    def __init__(self, arrived: dict[str, float]) -> None:
        self._arrived = arrived
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"get"):
            noted = orjson.dumps(self._arrived)
            self._arrived.clear()
            return _response(b"200 OK", noted)
        is_twilio = head.startswith(b"post /2010")
        self._arrived.setdefault(
            _digits(body, *((b"To=", b"%2B") if is_twilio else (b'"to":', b'"'))), time.monotonic()
        )
        template = _TWILIO if is_twilio else _CLOUD
        return _response(b"201 Created" if is_twilio else b"200 OK", template % next(self.ids))


def _digits(body: bytes, name: bytes, opening: bytes) -> str:
    start = body.find(opening, body.find(name) + len(name)) + len(opening)
    return body[start : start + 12].decode()


def _response(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


_TWILIO, _CLOUD = orjson.dumps(_TWILIO_ANSWER), orjson.dumps(_CLOUD_ANSWER)


async def _serve(port: int) -> None:
    arrived: dict[str, float] = {}
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(arrived), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
