"""Requests to Meta's Graph API, and what its refusals mean."""

import aiohttp
import orjson

from channels import wire
from channels.errors import SendError
from channels.failures import by_code, by_status
from channels.whatsapp.codes import ERRORS
from channels.whatsapp.shapes import Shape, loads, record, text

_FIRST_REFUSAL = 300


class GraphClient:
    """One connection pool to the Graph API; the token goes only to `api_base`."""

    def __init__(self, api_base: str, token: str) -> None:
        self._api_base = api_base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._json_headers = self._headers | {"Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: object) -> Shape:
        """Send JSON to a path and give the answer.

        Raises:
            SendError: refused, unreachable, or Uncertain when WhatsApp may have taken it.
        """
        return await self._request("POST", path, orjson.dumps(body))

    async def get(self, path: str) -> Shape:
        """Ask for a path and give the answer.

        Raises:
            SendError: refused or unreachable.
        """
        return await self._request("GET", path, None)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def _request(self, method: str, path: str, body: bytes | None) -> Shape:
        if self._session is None:
            self._session = wire.new_session()
        headers = self._headers if body is None else self._json_headers
        with wire.network_failures("WhatsApp"):
            async with self._session.request(
                method, f"{self._api_base}/{path}", data=body, headers=headers, allow_redirects=False
            ) as answer:
                read = record(loads(await answer.read()))
                if answer.status >= _FIRST_REFUSAL or "error" in read:
                    raise refusal(answer.status, read, wire.retry_after(answer.headers))
                return read


def refusal(status: int, answer: Shape, retry_after_seconds: float | None) -> SendError:
    """Say what a refusal means, by Meta's code; by the HTTP status only when the code is not known."""
    error = record(answer.get("error"))
    code = text(error.get("code"))
    said = text(record(error.get("error_data")).get("details")) or text(error.get("message"))
    failure = by_code(ERRORS, code) or by_status(status, said)
    return failure.error(code or f"HTTP {status}", retry_after_seconds)
