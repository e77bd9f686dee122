"""Customers and providers' retries for fault tests: signed webhooks and mails, repeated until they are acknowledged."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlencode

import aiohttp
import aiosmtplib
from town import Town
from twilio.request_validator import RequestValidator

from gateway.bench.stage import number
from gateway.domain.account import TwilioAccount

QUESTION = "מה שעות הפתיחה?"
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One SMS of a customer: the provider's id, who, and what."""

    sid: str
    phone: str
    text: str = QUESTION


def sayings(count: int) -> list[Said]:
    """Make this many questions, each of a customer never seen before."""
    return [Said(sid=f"SM{index:032x}", phone=number(index)) for index in itertools.islice(_numbers, count)]


def signed(town: Town, said: Said) -> tuple[str, dict[str, str]]:
    """The body and headers with which Twilio would deliver this."""
    account = next(each for each in town.settings.accounts if isinstance(each, TwilioAccount))
    form = {
        "MessageSid": said.sid,
        "AccountSid": account.sid,
        "From": said.phone,
        "To": account.endpoints[0].address,
        "Body": said.text,
        "NumMedia": "0",
    }
    url = f"{town.settings.public_url}/webhooks/twilio/message"
    signature = RequestValidator(account.auth_tokens[0]).compute_signature(url, form)
    return urlencode(form), {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }


async def say(
    town: Town,
    said: Sequence[Said],
    *,
    apps: Sequence[str] = ("app",),
    at_once: int = 16,
    tries: int = 1,
    wait_seconds: float = 0.1,
    acknowledged: Callable[[Said], None] = lambda _: None,
) -> set[str]:
    """Deliver these, each to one app after the other until one says 2xx; gives the sids that were acknowledged."""
    done: set[str] = set()
    work = iter([(each, *signed(town, each)) for each in said])

    async def provider() -> None:
        for each, body, headers in work:
            for attempt in range(tries):
                app = apps[(int(each.sid[-4:], 16) + attempt) % len(apps)]
                if await _post(town, f"{town.url(app)}/webhooks/twilio/message", body, headers):
                    done.add(each.sid)
                    acknowledged(each)
                    break
                if attempt + 1 < tries:
                    await asyncio.sleep(wait_seconds)

    await asyncio.gather(*(provider() for _ in range(at_once)))
    return done


async def _post(town: Town, url: str, body: str, headers: dict[str, str]) -> bool:
    try:
        async with town.http.post(url, data=body, headers=headers) as response:
            if not response.ok:
                print("refused:", response.status)  # noqa: T201  (tells which refusal it was)
            return response.ok
    except (aiohttp.ClientError, TimeoutError) as error:
        print("not answered:", type(error).__name__)  # noqa: T201
        return False


async def mail(town: Town, subject: str, *, app: str = "app", sender: str = "dana@customer.example") -> int:
    """Send one mail to the support mailbox; gives the SMTP code, 0 when nobody answered."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, "support@eshnav.localhost", subject
    letter["Message-ID"] = f"<{subject}@customer.example>"
    letter.set_content("What are your opening hours?")
    try:
        await aiosmtplib.send(letter, hostname="127.0.0.1", port=town.app_ports[app][1], timeout=20)
    except aiosmtplib.SMTPResponseException as error:
        return error.code
    except (aiosmtplib.SMTPException, OSError):
        return 0
    return 250


async def check(town: Town, said: Sequence[Said], acknowledged: set[str]) -> None:
    """Nothing acknowledged is lost, nothing is stored or answered twice."""
    sids = [each.sid for each in said]
    rows = await town.pool.fetch(
        "SELECT provider_id, count(*) AS copies FROM message WHERE direction = 'inbound' AND provider_id = ANY($1)"
        " GROUP BY 1",
        sids,
    )
    assert [row["provider_id"] for row in rows if row["copies"] > 1] == [], "stored twice"
    stored = {row["provider_id"] for row in rows}
    assert acknowledged <= stored, f"acknowledged and lost: {sorted(acknowledged - stored)}"
    answers = await town.pool.fetch(
        "SELECT asked.provider_id, count(said.id) AS answers FROM message AS asked"
        " LEFT JOIN message AS said ON said.because_of = asked.id"
        " WHERE asked.provider_id = ANY($1) AND asked.direction = 'inbound' GROUP BY 1",
        sids,
    )
    wrong = {row["provider_id"]: row["answers"] for row in answers if row["answers"] != 1}
    assert wrong == {}, f"not answered exactly once: {wrong}"


async def check_sent_once(town: Town, after: int) -> int:
    """Each delivery newer than `after` reached its customer once, or is unknown; gives how many are."""
    counts = await town.provider_counts()
    rows = await town.pool.fetch("SELECT id, status, reason, channel FROM delivery WHERE id > $1", after)
    reached = {row["id"]: counts.get(f"twilio:{row['id']}", 0) for row in rows if row["channel"] != "email"}
    status = {row["id"]: row["status"] for row in rows}
    reasons = {row["id"]: row["reason"] for row in rows}
    twice = {each: (count, status[each]) for each, count in reached.items() if count > 1}
    assert twice == {}, f"sent twice: {twice}"
    lost = {
        each: (status[each], reasons[each])
        for each, count in reached.items()
        if not count and status[each] != "unknown"
    }
    assert lost == {}, f"never sent: {lost}"
    return sum(1 for each in status.values() if each == "unknown")
