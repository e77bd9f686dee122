"""Clients that send too much, too slowly or nothing: each is ended in time, and good traffic goes on meanwhile."""

import asyncio
import gzip
import resource
import time

import pytest
from open_house import Line, fields_of, form_post, open_house, post

from gateway.web import webhooks
from gateway.web.server import guard
from gateway.web.server.listening import ConnectionLimits

MESSAGE = "/webhooks/twilio/message"
SILENT = 300


@pytest.fixture(scope="module")
def office(standing_office):
    return standing_office


@pytest.fixture
async def port(office):
    async with open_house(office, ConnectionLimits(head_seconds=0.5)) as port:
        yield port


@pytest.mark.parametrize("path", [MESSAGE, "/webhooks/whatsapp", "/login", "/api/v1/contacts"])
@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "in chunks"])
async def test_two_megabytes_are_too_much(port, path, is_declared):
    line = await Line.to(port)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    if is_declared:
        request = f"{head}Content-Length: 2000000\r\n\r\n".encode() + b"x" * 2_000_000
    else:
        request = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
        request += (b"186a0\r\n" + b"x" * 100_000 + b"\r\n") * 19 + b"0\r\n\r\n"
    status, _ = await line.ask(request)
    assert status == 413 or (status == 401 and path.startswith("/api"))
    await line.close()


async def test_a_compressed_bomb_is_refused_unopened(port):
    bomb = gzip.compress(b"0" * 200_000_000, 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = await Line.to(port)
    for path in (MESSAGE, "/webhooks/whatsapp"):
        status, _ = await line.ask(post(path, bomb[:250_000], {"Content-Encoding": "gzip"}))
        assert status == 415
        await line.close()
        line = await Line.to(port)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    await line.close()


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"POST /webhooks/twilio/message HTTP/1.1\r\nHost: x\r\n", id="half a head"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"\x16\x03\x01", id="the start of TLS"),
    ],
)
async def test_a_client_that_never_ends_its_head_is_ended(port, beginning):
    line = await Line.to(port)
    line.writer.write(beginning)
    assert await line.is_closed(2)
    await line.close()


async def test_a_head_that_trickles_is_ended_too(port):
    line = await Line.to(port)
    trickling = asyncio.create_task(trickle(line))
    assert await line.is_closed(2)
    trickling.cancel()
    await line.close()


async def trickle(line: Line) -> None:
    for letter in b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 1000:
        line.writer.write(bytes([letter]))
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", [MESSAGE, "/login"])
async def test_half_a_body_is_ended(port, monkeypatch, path):
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.4)
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.4)
    line = await Line.to(port)
    began = time.perf_counter()
    status, _ = await line.ask(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode())
    assert status == 408
    assert time.perf_counter() - began < 2
    assert await line.is_closed(4)
    await line.close()


async def test_an_idle_connection_is_kept_for_the_next_request(port):
    line = await Line.to(port)
    for _ in range(2):
        assert (await line.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
        await asyncio.sleep(0.7)
    await line.close()


def test_the_limits_in_force_are_those_we_promise():
    assert ConnectionLimits().head_seconds == 10
    assert ConnectionLimits().per_peer == 200
    assert webhooks.BODY_SECONDS == guard.BODY_SECONDS == 15


async def test_one_address_has_two_hundred_connections_and_gets_them_back(office):
    async with open_house(office, ConnectionLimits()) as port:
        crowd = [await Line.to(port, "127.0.0.2") for _ in range(200)]
        one_more = await Line.to(port, "127.0.0.2")
        assert await one_more.is_closed(1)
        neighbour = await Line.to(port)
        assert (await neighbour.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
        for line in [*crowd[:10], one_more, neighbour]:
            await line.close()
        again = await Line.to(port, "127.0.0.2")
        assert (await again.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
        for line in [*crowd[10:], again]:
            await line.close()


async def test_a_proxy_of_ours_may_bring_more(office):
    from gateway.web.server.services import networks

    async with open_house(office, ConnectionLimits(per_peer=3, trusted=networks(["127.0.0.2/32"]))) as port:
        lines = [await Line.to(port, "127.0.0.2") for _ in range(6)]
        for line in lines:
            assert (await line.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
            await line.close()


async def test_good_traffic_goes_on_beside_hundreds_of_silent_connections(office):
    async with open_house(office, ConnectionLimits()) as port:
        alone = await slowest_of_many(office, port)
        silent = [await Line.to(port, f"127.0.1.{number % 2 + 1}") for number in range(SILENT)]
        crowded = await slowest_of_many(office, port)
        for line in silent:
            await line.close()
    assert crowded < max(2 * alone, 0.25)


async def slowest_of_many(office, port: int) -> float:
    """The 99th percentile of a hundred webhooks, in seconds."""
    line = await Line.to(port)
    took = []
    for number in range(100):
        request = form_post(office, MESSAGE, fields_of(office, sid=f"SM{time.monotonic_ns():024x}{number:08x}"))
        began = time.perf_counter()
        assert (await line.ask(request))[0] == 200
        took.append(time.perf_counter() - began)
    await line.close()
    return sorted(took)[98]
