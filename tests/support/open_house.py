"""The web application behind its real door, for tests that speak bytes: raw requests on loopback, signed as asked."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from web_kit import Office

from gateway.web.server.listening import ConnectionLimits
from gateway.web.server.serving import serve_http


@asynccontextmanager
async def open_house(office: Office, limits: ConnectionLimits) -> AsyncIterator[int]:
    """Serve the office's application a second time, behind the door that `app.py` uses; gives the port."""
    async with serve_http(office.services, host="127.0.0.1", port=0, limits=limits) as port:
        yield port


def twilio_mac(token: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """Sign as Twilio does."""
    text = url + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def meta_mac(secret: str, body: bytes) -> str:
    """Sign as Meta does."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def fields_of(office: Office, sid: str = "SM" + "7" * 32, **changes: str) -> dict[str, str]:
    """A customer's SMS, as Twilio's form."""
    return {
        "MessageSid": sid,
        "AccountSid": office.twilio.sid,
        "From": "+972501234567",
        "To": office.twilio.endpoints[0].address,
        "Body": "שלום, מה שעות הפתיחה? 😀",
        "NumMedia": "0",
    } | changes


def form_post(office: Office, target: str, fields: dict[str, str], **headers: str) -> bytes:
    """A whole signed request of Twilio's; a header of the same name, with `_` for `-`, replaces ours."""
    signature = twilio_mac(
        office.twilio.auth_tokens[0], office.services.settings.public_url + target, list(fields.items())
    )
    ours = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return post(
        target, urlencode(fields).encode(), ours | {key.replace("_", "-"): value for key, value in headers.items()}
    )


def post(target: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a request whose target is sent exactly as given."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode("utf-8", "surrogateescape") + body


class Line:
    """One connection that sends bytes and reads answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int, source: str = "127.0.0.1") -> "Line":
        """Connect, from any address of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; gives the status and the whole answer."""
        self.writer.write(request)
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
        )
        return int(head.split()[1]), head + await self.reader.readexactly(length)

    async def is_closed(self, seconds: float) -> bool:
        """Wait until the other side hangs up."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return
