"""The short way of webhooks: what may take it, that it reads as aiohttp does, and how connections leave it or end."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager

import pytest
import uvloop
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import HttpProcessingError
from hypothesis import given, settings
from hypothesis import strategies as st
from open_house import Line, fields_of, form_post, open_house, post

from gateway.intake.intake import Intake
from gateway.web.server import fast_path
from gateway.web.server.fast_path import Answer, FastPath, parse_simple_post
from gateway.web.server.listening import ConnectionLimits

MESSAGE = "/webhooks/twilio/message"
PLAIN = post(MESSAGE, b"a=1", {"X-Twilio-Signature": "s", "Content-Type": "application/x-www-form-urlencoded"})
MANY = b"".join(b"A%d: b\r\n" % number for number in range(200))
PAGE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def office(standing_office):
    return standing_office


@pytest.fixture
async def port(office):
    async with open_house(office, ConnectionLimits()) as port:
        yield port


@pytest.mark.parametrize("more", [b"", b"\r\nConnection: keep-alive", b"\r\nConnection: Keep-Alive", b"\r\nX-A: \tb "])
def test_a_plain_post_is_read(more):
    request = parse_simple_post(PLAIN.replace(b"Host: x", b"Host: x" + more))
    assert (request.method, request.target, request.body) == ("POST", MESSAGE, b"a=1")
    assert request.headers["x-twilio-signature"] == "s"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLAIN[:-1], id="its end is missing"),
        pytest.param(PLAIN + b"P", id="something behind it"),
        pytest.param(PLAIN.replace(b"POST", b"GET", 1), id="another method"),
        pytest.param(PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0", 1), id="an old version"),
        pytest.param(PLAIN.replace(b"Content-Length: 3", b"Content-Length: +3"), id="a length with a sign"),
        pytest.param(PLAIN.replace(b"Content-Length: 3", b"Content-Length: 3\r\nContent-Length: 3"), id="two lengths"),
        pytest.param(PLAIN.replace(b"Content-Length: 3", b"Content-Length: " + b"9" * 5000), id="a long length"),
        pytest.param(PLAIN.replace(b"Content-Length: 3\r\n", b""), id="no length"),
        pytest.param(PLAIN.replace(b"Host: x\r\n", b"Host: x\r\n" + MANY), id="many fields"),
        pytest.param(PLAIN.replace(b"Content-Length: 3", b"Content-Length : 3"), id="a space before the colon"),
        pytest.param(PLAIN.replace(b"Host: x\r\n", b""), id="no host"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\n folded"), id="a folded field"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\x00"), id="a control character"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: \xc3\xa9"), id="more than ASCII"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\nTransfer-Encoding: chunked"), id="chunked"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\nContent-Encoding: gzip"), id="compressed"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"), id="expecting"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\nConnection: close"), id="closing"),
        pytest.param(PLAIN.replace(b"Host: x", b"Host: x\r\nX-Long: " + b"x" * 9000), id="a long head"),
        pytest.param(post(MESSAGE, b"x" * 300_000, {}), id="a large body"),
        pytest.param(PLAIN.replace(b"\r\n", b"\n"), id="bare line feeds"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_else_goes_the_ordinary_way(data):
    assert parse_simple_post(data) is None


PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\x80", b"0", b"3", b"\x0b", b"POST", b"/", b"HTTP/1.1",
        b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host", b"\r\n\r\n", b"a=1", b"%0d%0a", b"?x=y",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 20), PIECES), max_size=3))
def test_what_is_read_the_short_way_aiohttp_reads_alike(edits):
    data = PLAIN
    for place, removed, piece in edits:
        data = data[:place] + piece + data[place + removed :]
    request = parse_simple_post(data)
    if request is None:
        return
    message, body, rest = read_by_aiohttp(data)
    assert (message.method, message.path, body, rest) == (request.method, request.target, request.body, b"")
    assert {name.lower(): value for name, value in message.headers.items()} == dict(request.headers)
    assert (message.should_close, message.chunked, message.upgrade) == (False, False, False)


def read_by_aiohttp(data):
    loop = asyncio.new_event_loop()
    try:
        protocol = BaseProtocol(loop)
        parser = HttpRequestParser(protocol, loop, 2**18, max_line_size=8190, max_field_size=8190)
        [(message, payload)], _, rest = parser.feed_data(data)
        return message, payload.read_nowait(), rest
    except (HttpProcessingError, ValueError) as error:
        raise AssertionError(f"aiohttp refuses {data!r}") from error
    finally:
        loop.close()


async def test_webhooks_and_pages_share_a_connection_in_any_order(office, port):
    line = await Line.to(port)
    for number, path in enumerate([MESSAGE, MESSAGE, "page", MESSAGE, "page"]):
        request = PAGE if path == "page" else form_post(office, path, fields_of(office, f"SM{number:032x}"))
        status, answer = await line.ask(request)
        assert status == 200
        assert (b"<Response/>" in answer) == (path == MESSAGE)
        assert (b"aiohttp" in answer) == (number >= 2), "it leaves the short way with the first page, for good"
    await line.close()


async def test_a_request_in_two_pieces_is_taken_in(office, port):
    request = form_post(office, MESSAGE, fields_of(office, "SM" + "a" * 32))
    for place in (10, request.index(b"\r\n\r\n") + 4, len(request) - 1):
        line = await Line.to(port)
        line.writer.write(request[:place])
        await line.writer.drain()
        await asyncio.sleep(0.05)
        status, answer = await line.ask(request[place:])
        assert status == 200
        assert b"<Response/>" in answer
        await line.close()


async def test_what_is_sent_too_early_waits_for_its_turn(office, port, monkeypatch):
    going_on = hold_up(monkeypatch)
    line = await Line.to(port)
    line.writer.write(form_post(office, MESSAGE, fields_of(office, "SM" + "b" * 32)))
    await asyncio.sleep(0.05)
    line.writer.write(form_post(office, MESSAGE, fields_of(office, "SM" + "c" * 32)))
    await asyncio.sleep(0.05)
    line.writer.write(PAGE)
    await asyncio.sleep(0.05)
    going_on.set()
    assert b"<Response/>" in (await line.ask(b""))[1]
    assert b"<Response/>" in (await line.ask(b""))[1]
    assert (await line.ask(b""))[0] == 200
    await line.close()


def hold_up(monkeypatch) -> asyncio.Event:
    """Keep intake from answering until the event is set."""
    going_on, accept = asyncio.Event(), Intake.accept

    async def late(*args, **more):
        await going_on.wait()
        return await accept(*args, **more)

    monkeypatch.setattr(Intake, "accept", late)
    return going_on


async def test_who_hangs_up_early_is_taken_in_all_the_same(office, port, monkeypatch):
    going_on = hold_up(monkeypatch)
    line = await Line.to(port)
    sid = "SM" + "d" * 32
    line.writer.write(form_post(office, MESSAGE, fields_of(office, sid)))
    await asyncio.sleep(0.1)
    await line.close()
    going_on.set()
    query = "SELECT count(*) FROM message WHERE provider_id = $1"
    for _ in range(100):
        if await office.services.pool.fetchval(query, sid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the message was lost")


async def test_who_hangs_up_or_says_no_more_is_let_go_at_once():
    # On uvloop, which app.py runs on: asyncio's own loop says nothing about answers to a connection that is gone.
    assert await asyncio.to_thread(uvloop.run, hang_up_and_say_no_more()) == []


async def hang_up_and_say_no_more() -> list[BaseException]:
    """Wait for an answer on two connections, one half closed and one gone; gives what went wrong."""
    going_on = asyncio.Event()

    async def slow(_):
        await going_on.wait()
        return Answer(status=204)

    async with served({MESSAGE: slow}) as port:
        done, gone = await Line.to(port), await Line.to(port)
        done.writer.write(PLAIN)
        gone.writer.write(PLAIN)
        await asyncio.sleep(0.1)
        done.writer.write_eof()
        linger = struct.pack("ii", 1, 0)  # closing is then a reset
        gone.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        gone.writer.transport.abort()
        await asyncio.sleep(0.1)
        answering = asyncio.all_tasks() - {asyncio.current_task()}
        going_on.set()
        assert (await done.reader.read(1000)).startswith(b"HTTP/1.1 204")
        assert await done.is_closed(1)
        await done.close()
        await gone.close()
    assert len(answering) == 2
    return [error for task in answering if (error := task.exception()) is not None]


async def test_who_never_reads_its_answers_is_cut_off():
    async def refusing(_):
        return Answer(status=403, body=b"forbidden" * 10_000)

    async with served({MESSAGE: refusing}) as port:
        line = await Line.to(port)
        line.writer.transport.pause_reading()
        for _ in range(1000):
            line.writer.write(PLAIN)
            await asyncio.sleep(0.005)
            if line.writer.transport.is_closing():
                break
        assert line.writer.transport.is_closing()
        await line.close()


async def test_what_is_under_way_at_the_end_is_answered_and_its_connection_closed(office, monkeypatch):
    going_on = hold_up(monkeypatch)
    async with open_house(office, ConnectionLimits()) as port:
        idle, busy = await Line.to(port), await Line.to(port)
        asked = asyncio.create_task(busy.ask(form_post(office, MESSAGE, fields_of(office, "SM" + "e" * 32))))
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(0.3, going_on.set)
    status, answer = await asked
    assert status == 200
    assert b"Connection: close" in answer
    for line in (busy, idle):
        assert await line.is_closed(1)
        await line.close()


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not(monkeypatch):
    monkeypatch.setattr(fast_path, "IDLE_SECONDS", 0.3)
    going_on = asyncio.Event()

    async def slow(_):
        await going_on.wait()
        return Answer(status=204)

    async with served({MESSAGE: slow}) as port:
        idle, busy = await Line.to(port), await Line.to(port)
        busy.writer.write(PLAIN)
        assert await idle.is_closed(2)
        await asyncio.sleep(0.5)
        going_on.set()
        assert (await busy.ask(b""))[0] == 204
        assert await busy.is_closed(2)
        await idle.close()
        await busy.close()


async def test_a_webhook_that_breaks_is_answered_with_500():
    async def broken(_):
        raise RuntimeError

    async with served({MESSAGE: broken}) as port:
        line = await Line.to(port)
        assert (await line.ask(PLAIN))[0] == 500
        assert await line.is_closed(1)
        await line.close()


@asynccontextmanager
async def served(webhooks):
    """Serve these webhooks alone, with nothing behind the short way."""
    express = FastPath(webhooks, ordinary=asyncio.Protocol)
    server = await asyncio.get_running_loop().create_server(express.connection, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await express.drain()
