"""Webhooks as Meta sends them: signed JSON, all that waits in one POST, retried with backoff until answered 2xx."""

import asyncio
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

from gateway.sandbox.message import CloudMessage
from gateway.sandbox.post import Answer, PostError
from gateway.sandbox.world import World

_PATH = "/webhooks/whatsapp"
_BATCH = 40
_GATHER_SECONDS = 0.02
_POSTS_AT_ONCE = 32
_RETRY_SECONDS = (0.5, 1, 2, 4, 8, 16, 30, 60, 120, 300)
_SPLIT_FROM = 4
_RETRIES_AT_ONCE = 500
CHALLENGE = "1158201444"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to tell: a part of a change's `value`, the field it belongs to, and a promise of the first answer."""

    value: dict[str, object]
    answered: asyncio.Future[Answer | PostError]
    change_field: str = "messages"


@dataclass(slots=True)
class CloudHooks:
    """The queue between what happens on WhatsApp and the product's webhook."""

    world: World
    _queue: asyncio.Queue[Happening] = field(default_factory=lambda: asyncio.Queue(20_000))
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_POSTS_AT_ONCE))

    _insisting: int = 0

    def tell(self, value: dict[str, object], change_field: str = "messages") -> asyncio.Future[Answer | PostError]:
        """Queue a happening; the future gives how the first POST that carried it was answered."""
        answered: asyncio.Future[Answer | PostError] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(Happening(value, answered, change_field))
        except asyncio.QueueFull:
            self.world.note(f"Meta: {_PATH}: given up, too many are waiting")
            answered.set_result(PostError("too many webhooks are waiting", is_connect=False))
        return answered

    async def run(self) -> None:
        """Send what is queued, forever; what gathers within 20 ms goes out together."""
        while True:
            batch = [await self._queue.get()]
            await asyncio.sleep(_GATHER_SECONDS)
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._room.acquire()
            self.world.spawn(self._deliver(batch))

    async def _deliver(self, batch: Sequence[Happening]) -> None:
        body = orjson.dumps(self._payload(batch))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "Accept": "*/*",
            "X-Hub-Signature-256": f"sha256={signature(self.world.settings.whatsapp_app_secrets[0], body)}",
        }
        outcome = await self._post(body, headers)
        self._room.release()
        for happening in batch:
            if not happening.answered.done():
                happening.answered.set_result(outcome)
        if not (isinstance(outcome, Answer) and outcome.is_success):
            await self._insist(body, headers, outcome)

    async def _insist(self, body: bytes, headers: dict[str, str], outcome: Answer | PostError) -> None:
        if self._insisting >= _RETRIES_AT_ONCE:
            self.world.note(f"Meta: {_PATH}: {_reason(outcome)}; given up, too many are being sent again")
            return
        self._insisting += 1
        try:
            for seconds in _RETRY_SECONDS:
                self.world.note(f"Meta: {_PATH}: {_reason(outcome)}; again in {seconds:g} s")
                await asyncio.sleep(seconds)
                outcome = await self._post(body, headers)
                if isinstance(outcome, Answer) and outcome.is_success:
                    return
        finally:
            self._insisting -= 1

    async def _post(self, body: bytes, headers: dict[str, str]) -> Answer | PostError:
        try:
            return await self.world.poster.post(self.world.settings.public_url + _PATH, body, headers)
        except PostError as error:
            return error

    def _payload(self, batch: Sequence[Happening]) -> dict[str, object]:
        changes = [self._change(group) for group in _groups(batch)]
        account = self.world.settings.whatsapp_business_account_id
        middle = len(changes) // 2 if len(changes) >= _SPLIT_FROM else len(changes)
        entries = [{"id": account, "changes": part} for part in (changes[:middle], changes[middle:]) if part]
        return {"object": "whatsapp_business_account", "entry": entries}

    def _change(self, group: Sequence[Happening]) -> dict[str, object]:
        settings = self.world.settings
        value: dict[str, object] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": settings.twilio_whatsapp_from.removeprefix("+"),
                "phone_number_id": settings.whatsapp_phone_number_id,
            },
        }
        for happening in group:
            for name, items in happening.value.items():
                kept = value.setdefault(name, [])
                if isinstance(kept, list) and isinstance(items, list):
                    kept.extend(item for item in items if item not in kept or name != "contacts")
        return {"value": value, "field": group[0].change_field}


def _groups(batch: Sequence[Happening]) -> list[list[Happening]]:
    groups: list[list[Happening]] = []
    for happening in batch:
        last = groups[-1] if groups else []
        if len(last) == 1 and (last[0].change_field, set(last[0].value)) == (
            happening.change_field,
            set(happening.value),
        ):
            last.append(happening)
        else:
            groups.append([happening])
    return groups


def signature(secret: str, body: bytes) -> str:
    """Compute the hexadecimal HMAC-SHA256 Meta puts behind `sha256=` in X-Hub-Signature-256."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


async def shake_hands(world: World) -> Answer | PostError:
    """Ask the product's webhook to prove itself, as Meta does when the address is saved: it must echo the challenge."""
    token = quote(world.settings.whatsapp_verify_token, safe="")
    query = f"hub.mode=subscribe&hub.challenge={CHALLENGE}&hub.verify_token={token}"
    try:
        return await world.poster.post(f"{world.settings.public_url}{_PATH}?{query}", b"", {}, method="GET")
    except PostError as error:
        return error


def status_value(message: CloudMessage, status: str, errors: Sequence[dict[str, object]] = ()) -> dict[str, object]:
    """Write the part of a webhook that tells a message's status; the time is in whole seconds, as text."""
    told: dict[str, object] = {"id": message.message_id, "status": status, "timestamp": _seconds()}
    if message.customer.startswith("+"):
        told["recipient_id"] = message.customer.removeprefix("+")
    told["recipient_user_id"] = message.user_id
    if message.callback_data:
        told["biz_opaque_callback_data"] = message.callback_data
    if errors:
        told["errors"] = list(errors)
    else:
        is_free = message.category == "service"
        told["pricing"] = {
            "billable": not is_free,
            "pricing_model": "PMP",
            "category": message.category,
            "type": "free_customer_service" if is_free else "regular",
        }
    return {"statuses": [told]}


def _seconds() -> str:
    return str(int(time.time()))


def _reason(outcome: Answer | PostError) -> str:
    return str(outcome) if isinstance(outcome, PostError) else f"answered {outcome.status}"
