"""The transport under Twilio's own client: a custom base URL, our time limits, and Twilio's refusals as send errors.

Twilio's stock transport is not used: it cannot be pointed at another host, drops Retry-After and logs what it sends.
"""

import logging
from urllib.parse import urlencode

import aiohttp
import orjson
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels import wire
from channels.errors import SendError, Uncertain
from channels.failures import by_code, by_status
from channels.twilio.codes import ERRORS

_TWILIO = "https://api.twilio.com"
_FIRST_REFUSAL = 300


class Transport(AsyncHttpClient):  # type: ignore[misc]  # the twilio package has no types
    """Carries the requests of Twilio's client to `api_base`."""

    def __init__(self, api_base: str) -> None:
        super().__init__(logging.getLogger("channels.twilio"), is_async=True)
        self._api_base = api_base.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, str] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002  ours applies instead
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002  never followed: they would carry the credentials along
    ) -> Response:
        """Make one request and give Twilio's answer.

        Raises:
            SendError: Twilio refused, could not be reached, or did not answer.
        """
        if self._session is None:
            self._session = wire.new_session()
        login = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
        with wire.network_failures("Twilio"):
            async with self._session.request(
                method,
                self._api_base + uri.removeprefix(_TWILIO),
                params=params,
                data=urlencode(data, doseq=True).encode() if data else None,
                headers={**(headers or {}), **login},
                allow_redirects=False,
            ) as answer:
                text = await answer.text(errors="replace")
                if answer.status >= _FIRST_REFUSAL:
                    raise refusal(answer.status, text, wire.retry_after(answer.headers))
                if not _is_object(text):
                    raise Uncertain("Twilio's answer could not be read; it may have taken the message.")
                return Response(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


def new_client(sid: str, token: str, transport: Transport) -> Client:
    """Make Twilio's client; the environment is kept from it, since only our settings may say where messages go."""
    return Client(sid, token, http_client=transport, environment={"": ""})


def refusal(status: int, text: str, retry_after_seconds: float | None) -> SendError:
    """Say what Twilio's refusal means, by its error code first and by the HTTP status when the code is not known."""
    code, said = "", ""
    if _is_object(text):
        answer = orjson.loads(text)
        code, said = str(answer.get("code") or ""), str(answer.get("message") or "")
    failure = by_code(ERRORS, code) or by_status(status, said)
    return failure.error(code or f"HTTP {status}", retry_after_seconds)


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
