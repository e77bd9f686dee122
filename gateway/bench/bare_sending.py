"""The ceilings for sending: Twilio's async client, and a bare aiohttp client, in loops of so many at once.

Run as `python -m gateway.bench.bare_sending twilio|whatsapp PORT COUNT AT_ONCE`.
"""

import asyncio
import itertools
import sys

import aiohttp
import uvloop
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from gateway.bench.stage import number

_TEXT = "שלום, החשבון שלך לחודש זה מוכן. אפשר לראות אותו באתר."


async def _twilio(port: int, count: int, at_once: int) -> None:
    async with AsyncTwilioHttpClient() as transport:
        client = Client("AC" + "5a" * 16, "token", http_client=transport)
        client.api.base_url = f"http://127.0.0.1:{port}"
        work = itertools.count()

        async def send() -> None:
            while (index := next(work)) < count:
                await client.messages.create_async(to=number(index), from_="+15005550006", body=_TEXT)

        await asyncio.gather(*(send() for _ in range(at_once)))


async def _whatsapp(port: int, count: int, at_once: int) -> None:
    url = f"http://127.0.0.1:{port}/v25.0/100000000000001/messages"
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer token"}) as session:
        work = itertools.count()

        async def send() -> None:
            while (index := next(work)) < count:
                message = {
                    "messaging_product": "whatsapp",
                    "to": number(index).removeprefix("+"),
                    "type": "text",
                    "text": {"body": _TEXT},
                }
                async with session.post(url, json=message) as answer:
                    await answer.json()

        await asyncio.gather(*(send() for _ in range(at_once)))


if __name__ == "__main__":
    _PROGRAM = {"twilio": _twilio, "whatsapp": _whatsapp}[sys.argv[1]]
    uvloop.run(_PROGRAM(*map(int, sys.argv[2:])))
