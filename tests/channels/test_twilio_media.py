import hashlib
import socket

import aiohttp
import pytest
from channel_kit import PUBLIC_URL, SID, tiny_provider, twilio_account

from channels import errors, media, wire
from channels.media import MediaFetcher, PublicResolver, is_public
from channels.twilio import TwilioAdapter
from gateway.domain.messages import Attachment

PNG = b"\x89PNG fake"


@pytest.fixture
async def provider():
    async with tiny_provider() as provider:
        yield provider


@pytest.fixture
async def fetcher(provider):
    fetcher = MediaFetcher(api_base=f"{provider.url}/v1", hosts=("*.cdn.example",), authorization="Basic canary")
    yield fetcher
    await fetcher.close()


async def test_a_file_comes_with_its_bytes_and_type(provider):
    adapter = TwilioAdapter(twilio_account(provider.url), public_url=PUBLIC_URL)
    provider.will_send(PNG, content_type="image/png")
    found = await adapter.fetch_media(
        Attachment(url=f"{provider.url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1")
    )
    await adapter.close()
    assert (found.content, found.media_type) == (PNG, "image/png")
    assert provider.heard[0].headers["Authorization"].startswith("Basic ")


async def test_a_redirect_is_followed_after_another_look(fetcher, provider):
    provider.will_send(b"", status=302, headers={"Location": "/elsewhere"})
    provider.will_send(PNG)
    assert (await fetcher.fetch(f"{provider.url}/media")).content == PNG
    assert provider.heard[1].path == "/elsewhere"


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("http://169.254.169.254/latest/meta-data", id="the cloud's own secrets"),
        pytest.param("https://evil.example/x", id="any other host"),
        pytest.param("file:///etc/passwd", id="a local file"),
        pytest.param("", id="nowhere"),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(location, fetcher, provider):
    provider.will_send(b"", status=302, headers={"Location": location})
    provider.will_send(b"", status=302, headers={"Location": location})
    provider.will_send(b"", status=302, headers={"Location": location})
    provider.will_send(b"", status=302, headers={"Location": location})
    with pytest.raises(errors.Rejected):
        await fetcher.fetch(f"{provider.url}/media")


async def test_redirects_end(fetcher, provider):
    for _ in range(9):
        provider.will_send(b"", status=307, headers={"Location": "/again"})
    with pytest.raises(errors.Rejected):
        await fetcher.fetch(f"{provider.url}/media")
    assert len(provider.heard) == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://0.0.0.0/x",
        "https://127.0.0.1/x",
        "http://a.cdn.example/x",
        "https://a.cdn.example:8443/x",
        "https://user:pass@a.cdn.example/x",
        "https://cdn.example.evil/x",
        "https://evil.example/a.cdn.example",
        "https://a.cdn.example@evil.example/",
        "https://a.cdn.example\\@evil.example/",
        "gopher://a.cdn.example/",
        "//a.cdn.example/x",
        "/relative",
        "",
        "https://",
        "https://[bad",
        "javascript:alert(1)",
        "https://a.cdn.example.:444/",
    ],
)
async def test_a_url_that_is_not_the_providers_is_never_asked_for(url, fetcher, provider):
    with pytest.raises(errors.Rejected):
        await fetcher.fetch(url)
    assert provider.heard == []


@pytest.mark.parametrize(
    ("address", "is_reachable"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
        ("not an address", False),
    ],
)
def test_only_public_addresses_are_connected_to(address, is_reachable):
    assert is_public(address) is is_reachable


async def test_a_name_that_leads_inside_does_not_resolve(monkeypatch):
    resolver = PublicResolver("api.example")

    async def lead_inside(host, port, family):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    monkeypatch.setattr(resolver._inner, "resolve", lead_inside)
    with pytest.raises(OSError, match="no public address"):
        await resolver.resolve("a.cdn.example", 443, socket.AF_INET)
    assert await resolver.resolve("api.example", 443, socket.AF_INET)
    await resolver.close()


async def test_our_password_goes_to_no_other_host(fetcher):
    assert fetcher._headers(fetcher._checked("https://a.cdn.example/x")) == {}


async def test_a_file_too_large_is_not_read_to_its_end(fetcher, provider, monkeypatch):
    monkeypatch.setattr(media, "LARGEST_BYTES", 100)
    provider.will_send(b"x" * 101)
    with pytest.raises(errors.Rejected, match="20 MiB"):
        await fetcher.fetch(f"{provider.url}/media")


async def test_a_file_is_checked_against_its_announced_hash(fetcher, provider):
    provider.will_send(PNG)
    provider.will_send(PNG)
    assert await fetcher.fetch(f"{provider.url}/m", sha256=hashlib.sha256(PNG).hexdigest().upper())
    with pytest.raises(errors.Rejected, match="not the one"):
        await fetcher.fetch(f"{provider.url}/m", sha256=hashlib.sha256(b"other").hexdigest())


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, errors.Rejected), (401, errors.AccountBlocked), (429, errors.Throttled), (500, errors.Unavailable)],
)
async def test_a_refusal_says_whether_to_try_again(status, kind, fetcher, provider):
    provider.will_send(b"", status=status)
    with pytest.raises(kind):
        await fetcher.fetch(f"{provider.url}/media")


async def test_a_lost_connection_can_be_tried_again(fetcher, provider):
    provider.will_drop()
    provider.will_drop()
    with pytest.raises(errors.Unavailable):
        await fetcher.fetch(f"{provider.url}/media")


async def test_a_slow_host_is_given_up(fetcher, provider, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT", aiohttp.ClientTimeout(total=0.3, connect=0.2))
    provider.will_hang()
    with pytest.raises(errors.Unavailable):
        await fetcher.fetch(f"{provider.url}/media")
