"""A provider is one folder and one line: with its record in the registry, the whole house works with it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import toy
from aiohttp import web
from aiohttp.test_utils import TestServer
from senders import sending, settled
from web_kit import Office, running_office

from channels import registry
from gateway.desk import reply
from gateway.desk.reply import ReplyRequest

PHONE = "+972501234567"


@pytest.fixture(autouse=True)
def one_line(monkeypatch):
    monkeypatch.setattr(registry, "PROVIDERS", (*registry.PROVIDERS, toy.PROVIDER))


@asynccontextmanager
async def toy_api() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """The toy provider's own server; what it was asked to send is in the list."""
    sent: list[dict[str, str]] = []

    async def send(request: web.Request) -> web.Response:
        sent.append(await request.json())
        return web.json_response({"id": f"toy-{len(sent)}"})

    app = web.Application()
    app.router.add_post("/send", send)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), sent


async def post(office: Office, body: dict[str, str], secret: str = "s3cret"):
    return await office.client.post(toy.PATH, data=json.dumps(body), headers={"X-Toy-Secret": secret})


async def test_a_message_is_answered_a_long_reply_is_cut_and_a_status_moves_it(pool, redis_url, tmp_path):
    async with toy_api() as (url, sent):
        account = toy.ToyAccount(secret="s3cret", api_base=url)
        async with running_office(pool, redis_url, tmp_path, accounts=(account,)) as office:
            answer = await post(office, {"id": "in-1", "from": PHONE, "text": "מה שעות הפתיחה?"})
            assert (answer.status, await answer.text()) == (202, "thanks")
            assert (await post(office, {"id": "in-1", "from": PHONE, "text": "מה שעות הפתיחה?"})).status == 202
            conversation_id = await office.conversation_of()
            await reply.reply(
                pool,
                office.services.notifier,
                conversation_id=conversation_id,
                request=ReplyRequest(text="A sentence. " * 50, idempotency_key="k"),
                author="a program",
            )
            async with sending(pool, account):
                assert await settled(pool) == {"sent": len(sent)}
            automatic, *parts = sent
            assert "פתוח" in automatic["text"]
            assert len(parts) == 2
            assert max(len(part["text"]) for part in parts) <= 300
            assert automatic["report_to"] == toy.PATH

            told = {"id": "toy-1", "status": "delivered", "reference": automatic["reference"]}
            assert (await post(office, told)).status == 202
            assert (
                await pool.fetchval("SELECT status FROM delivery WHERE id = $1", int(automatic["reference"]))
                == "delivered"
            )


async def test_what_the_toy_provider_did_not_sign_is_refused(pool, redis_url, tmp_path):
    account = toy.ToyAccount(secret="s3cret", api_base="http://127.0.0.1:9")
    async with running_office(pool, redis_url, tmp_path, accounts=(account,)) as office:
        assert (await post(office, {"id": "in-1", "from": PHONE, "text": "hi"}, secret="guess")).status == 403
        assert await pool.fetchval("SELECT count(*) FROM message") == 0
