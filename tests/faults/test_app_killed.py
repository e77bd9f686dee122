"""kill -9 of the app under signed webhooks: what was acknowledged is stored and answered, exactly once."""

import asyncio
import random
import signal
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator

from gateway.bench.stage import Stage, answering, number, process, stage
from gateway.domain.account import TwilioAccount

MESSAGES = 300
KILLS = 3


async def test_what_the_app_acknowledged_survives_being_killed_exactly_once():
    seed = random.randrange(1_000_000)
    print("seed", seed)  # noqa: T201 - repeats a failure
    chance = random.Random(seed)
    async with stage(contacts=50) as set_stage:
        wanted = [f"SM{index:032x}" for index in range(MESSAGES)]
        acknowledged: set[str] = set()
        for _ in range(KILLS):
            with process(set_stage.environ, "gateway.cli", "app") as app:
                await answering(f"{set_stage.settings.public_url}/readyz")
                sending = asyncio.create_task(send(set_stage, [sid for sid in wanted if sid not in acknowledged]))
                await asyncio.sleep(chance.uniform(0.05, 0.4))
                app.send_signal(signal.SIGKILL)
                acknowledged |= await sending
            await check_stored(set_stage, acknowledged)
        with process(set_stage.environ, "gateway.cli", "app"):
            await answering(f"{set_stage.settings.public_url}/readyz")
            acknowledged |= await send(set_stage, wanted)
        assert acknowledged == set(wanted)
        await check_stored(set_stage, acknowledged)


async def send(set_stage: Stage, sids: list[str]) -> set[str]:
    """Send these messages, sixteen at a time, and give those that were acknowledged."""
    account = next(each for each in set_stage.settings.accounts if isinstance(each, TwilioAccount))
    url = f"{set_stage.settings.public_url}/webhooks/twilio/message"
    validator = RequestValidator(account.auth_tokens[0])
    acknowledged: set[str] = set()
    work = iter(sids)

    async def client(session: aiohttp.ClientSession) -> None:
        for sid in work:
            form = {
                "MessageSid": sid,
                "AccountSid": account.sid,
                "From": number(wanted_index(sid) % 50),
                "To": account.endpoints[0].address,
                "Body": "מה שעות הפתיחה?",
                "NumMedia": "0",
            }
            headers = {
                "X-Twilio-Signature": validator.compute_signature(url, form),
                "Content-Type": "application/x-www-form-urlencoded",
            }
            try:
                async with session.post(url, data=urlencode(form), headers=headers) as response:
                    if response.ok:
                        acknowledged.add(sid)
            except aiohttp.ClientError:
                continue

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(16)))
    return acknowledged


def wanted_index(sid: str) -> int:
    return int(f"0x{sid[2:]}", 0)


async def check_stored(set_stage: Stage, acknowledged: set[str]) -> None:
    stored = [
        row["provider_id"]
        for row in await set_stage.pool.fetch("SELECT provider_id FROM message WHERE direction = 'inbound'")
    ]
    assert len(stored) == len(set(stored)), "a message was stored twice"
    assert acknowledged <= set(stored), "an acknowledged message was lost"
    twice = await set_stage.pool.fetch(
        "SELECT because_of FROM message WHERE direction = 'outbound' GROUP BY because_of HAVING count(*) > 1"
    )
    assert not twice, "a message was answered twice"
