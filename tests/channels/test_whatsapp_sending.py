import base64
import hashlib
import logging

import aiohttp
import orjson
import pytest
from channel_kit import PHONE_ID, assert_no_secret, outgoing, tiny_provider, whatsapp_account

from channels import errors, wire
from channels.whatsapp import WhatsAppAdapter
from channels.whatsapp.codes import ERRORS
from gateway.domain.channel import Channel
from gateway.domain.messages import Attachment
from gateway.domain.outbox import Choice, MediaLink, ProviderTemplate, Status
from gateway.domain.people import mailto, wa

ACCEPTED = {"messaging_product": "whatsapp", "contacts": [{"wa_id": "972501234567"}], "messages": [{"id": "wamid.out"}]}
PICTURE = MediaLink(url="https://files.example/a.jpg", media_type="image/jpeg")
SOUND = MediaLink(url="https://files.example/a.ogg", media_type="audio/ogg")
BILL = MediaLink(url="https://files.example/a.pdf", media_type="application/pdf", filename="חשבון.pdf")


@pytest.fixture
async def provider():
    async with tiny_provider() as provider:
        yield provider


@pytest.fixture
async def adapter(provider):
    adapter = WhatsAppAdapter(whatsapp_account(provider.url))
    yield adapter
    await adapter.close()


def delivery(**changes):
    return outgoing(**({"channel": Channel.WHATSAPP, "endpoint_address": PHONE_ID} | changes))


def choices(number, label="תשובה {}", description=""):
    return tuple(Choice(key=f"k{n}", label=label.format(n), description=description) for n in range(1, number + 1))


async def sent(adapter, provider, **changes):
    provider.will_answer(200, ACCEPTED)
    receipt = await adapter.send(delivery(**changes))
    assert (receipt.provider_id, receipt.status) == ("wamid.out", Status.SENT)
    return orjson.loads(provider.heard[-1].body)


async def test_a_text_goes_out_with_our_id_in_it(adapter, provider, caplog):
    caplog.set_level(logging.DEBUG)
    body = await sent(adapter, provider, in_reply_to="wamid.theirs")
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "972501234567",
        "type": "text",
        "text": {"body": "שלום", "preview_url": False},
        "biz_opaque_callback_data": "4711",
        "context": {"message_id": "wamid.theirs"},
    }
    [heard] = provider.heard
    assert (heard.method, heard.path, heard.headers["Authorization"]) == (
        "POST",
        f"/{PHONE_ID}/messages",
        "Bearer canary-bearer",
    )
    assert_no_secret(caplog.text)


async def test_a_user_without_a_phone_is_named_by_id(adapter, provider):
    body = await sent(adapter, provider, to=wa("US.1349"))
    assert body["recipient"] == "US.1349"
    assert "to" not in body


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"choices": choices(3)}, "button", id="three are buttons"),
        pytest.param({"choices": choices(4)}, "list", id="four are a list"),
        pytest.param({"choices": choices(10)}, "list", id="ten are a list"),
        pytest.param({"choices": choices(11)}, "text", id="eleven are numbered"),
        pytest.param({"choices": choices(2, "x" * 18 + " {}")}, "button", id="titles of 20 fit a button"),
        pytest.param({"choices": choices(2, "x" * 19 + " {}")}, "list", id="titles of 21 fit a list"),
        pytest.param({"choices": choices(2, "x" * 23 + " {}")}, "text", id="titles of 25 fit neither"),
        pytest.param({"choices": choices(2, "same")}, "text", id="equal titles would be refused"),
        pytest.param({"choices": choices(2, description="why")}, "list", id="descriptions need a list"),
        pytest.param({"choices": choices(2, description="x" * 73)}, "text", id="a description too long"),
        pytest.param({"choices": choices(2), "text": "x" * 1025}, "list", id="a text too long for buttons"),
        pytest.param({"choices": choices(2), "text": ""}, "text", id="nothing said above the choices"),
    ],
)
async def test_choices_take_the_best_form_that_fits(changes, kind, adapter, provider):
    body = await sent(adapter, provider, **changes)
    interactive = body.get("interactive", {"type": "text"})
    assert interactive["type"] == kind
    if kind == "text":
        assert body["text"]["body"].endswith(f"{len(changes['choices'])}. {changes['choices'][-1].label}")
    if kind == "button":
        assert [each["reply"]["id"] for each in interactive["action"]["buttons"]] == [
            each.key for each in changes["choices"]
        ]
    if kind == "list":
        assert [each["id"] for each in interactive["action"]["sections"][0]["rows"]] == [
            each.key for each in changes["choices"]
        ]


@pytest.mark.parametrize(("language", "label"), [("he", "לבחירה"), ("en", "Choose"), ("xx", "Choose")])
async def test_a_list_opens_by_a_word_in_the_customers_language(language, label, adapter, provider):
    body = await sent(adapter, provider, choices=choices(5), language=language)
    assert body["interactive"]["action"]["button"] == label


@pytest.mark.parametrize(
    ("changes", "content"),
    [
        pytest.param(
            {"media": (PICTURE,)}, {"type": "image", "image": {"link": PICTURE.url, "caption": "שלום"}}, id="a picture"
        ),
        pytest.param(
            {"media": (BILL,), "text": ""},
            {"type": "document", "document": {"link": BILL.url, "filename": "חשבון.pdf"}},
            id="a file",
        ),
        pytest.param({"media": (SOUND,), "text": ""}, {"type": "audio", "audio": {"link": SOUND.url}}, id="a sound"),
        pytest.param(
            {"media": (SOUND,)},
            {"type": "text", "text": {"body": f"שלום\n{SOUND.url}", "preview_url": False}},
            id="a sound takes no caption, so the words carry a link",
        ),
        pytest.param(
            {"media": (PICTURE, BILL)},
            {"type": "image", "image": {"link": PICTURE.url, "caption": f"שלום\n{BILL.url}"}},
            id="one file a message, the other as a link",
        ),
    ],
)
async def test_files_go_by_link(changes, content, adapter, provider):
    body = await sent(adapter, provider, **changes)
    assert {name: body.get(name) for name in content} == content


@pytest.mark.parametrize(
    ("template", "parameters"),
    [
        pytest.param(
            ProviderTemplate(name="notice", language="he", values={"text": "b", "name": "a"}),
            [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            id="by the order we know",
        ),
        pytest.param(
            ProviderTemplate(name="other", language="en_US", values={"10": "j", "2": "b"}),
            [{"type": "text", "text": "b"}, {"type": "text", "text": "j"}],
            id="by number, 2 before 10",
        ),
        pytest.param(
            ProviderTemplate(name="other", language="en", values={"who": "a"}),
            [{"type": "text", "parameter_name": "who", "text": "a"}],
            id="by name",
        ),
    ],
)
async def test_a_template_carries_its_values(template, parameters, adapter, provider):
    body = await sent(adapter, provider, template=template, media=(PICTURE,), choices=choices(1))
    assert body["type"] == "template"
    written = body["template"]
    assert (written["name"], written["language"]) == (template.name, {"code": template.language})
    header, middle, button = written["components"]
    assert header == {"type": "header", "parameters": [{"type": "image", "image": {"link": PICTURE.url}}]}
    assert middle == {"type": "body", "parameters": parameters}
    payload = [{"type": "payload", "payload": "k1"}]
    assert button == {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": payload}


def refused(code, **error):
    return {"error": {"message": "their words", "type": "OAuthException", "code": code, "fbtrace_id": "x"} | error}


@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(130429, errors.Throttled, id="130429 is throughput"),
        pytest.param(131056, errors.Throttled, id="131056 is this pair"),
        pytest.param(131049, errors.Undeliverable, id="131049 is withheld marketing"),
        pytest.param(131050, errors.Undeliverable, id="131050 stops marketing only"),
        pytest.param(131000, errors.Unavailable, id="131000 is passing"),
        pytest.param(131047, errors.WindowClosed, id="131047 is the window"),
        pytest.param(131026, errors.BadAddress, id="131026 is nobody there"),
        pytest.param(132001, errors.TemplateRefused, id="132001 is no such template"),
        pytest.param(100, errors.Rejected, id="100 is a bad parameter"),
        pytest.param(190, errors.AccountBlocked, id="190 is our token"),
        pytest.param(0, errors.AccountBlocked, id="0 is our token too"),
        pytest.param(217, errors.AccountBlocked, id="200 to 299 are rights"),
    ],
)
async def test_a_refusal_is_told_by_its_code_whatever_the_status(status, code, kind, adapter, provider):
    provider.will_answer(status, refused(code))
    with pytest.raises(kind) as caught:
        await adapter.send(delivery())
    assert (caught.value.code, caught.value.reason) == (str(code), ERRORS[code].reason)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(429, {}, errors.Throttled, id="429"),
        pytest.param(500, {}, errors.Unavailable, id="500"),
        pytest.param(401, {}, errors.AccountBlocked, id="401"),
        pytest.param(400, refused(999999, error_data={"details": "new"}), errors.Rejected, id="a code nobody knows"),
        pytest.param(400, {"error": "text"}, errors.Rejected, id="an error that is text"),
        pytest.param(200, refused(131026), errors.BadAddress, id="an error with 200"),
        pytest.param(200, {}, errors.Uncertain, id="accepted, but no id"),
        pytest.param(200, [1], errors.Uncertain, id="accepted, but unreadable"),
    ],
)
async def test_without_a_known_code_the_status_decides(status, body, kind, adapter, provider):
    provider.will_answer(status, body)
    with pytest.raises(kind):
        await adapter.send(delivery())


async def test_how_long_to_wait_is_said(adapter, provider):
    provider.will_answer(429, refused(130429), {"Retry-After": "9"})
    provider.will_answer(400, refused(131056))
    with pytest.raises(errors.Throttled) as caught:
        await adapter.send(delivery())
    assert caught.value.retry_after_seconds == 9
    with pytest.raises(errors.Throttled) as caught:
        await adapter.send(delivery())
    assert caught.value.retry_after_seconds == 6


async def test_a_lost_connection_or_a_hang_leaves_us_uncertain(adapter, provider, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT", aiohttp.ClientTimeout(total=0.3, connect=0.2))
    provider.will_drop()
    provider.will_hang()
    for _ in range(2):
        with pytest.raises(errors.Uncertain):
            await adapter.send(delivery())


async def test_no_connection_at_all_can_safely_be_tried_again():
    adapter = WhatsAppAdapter(whatsapp_account("http://127.0.0.1:1"))
    with pytest.raises(errors.Unavailable):
        await adapter.send(delivery())
    await adapter.close()


@pytest.mark.parametrize("changes", [{"text": "א" * 4097}, {"to": mailto("dana@example.com")}])
async def test_what_cannot_go_is_rejected_before_asking(changes, adapter, provider):
    with pytest.raises(errors.Rejected):
        await adapter.send(delivery(**changes))
    assert provider.heard == []


FILE = b"\x89PNG fake"
DIGEST = hashlib.sha256(FILE)


async def test_a_file_is_found_by_its_id_and_checked(adapter, provider):
    digest = base64.b64encode(DIGEST.digest()).decode()
    provider.will_answer(
        200, {"url": f"{provider.url}/files/1", "mime_type": "image/png", "sha256": digest, "file_size": 9}
    )
    provider.will_send(FILE, content_type="image/png")
    found = await adapter.fetch_media(Attachment(media_id="77"))
    assert (found.content, found.media_type) == (FILE, "image/png")
    assert [heard.path for heard in provider.heard] == ["/77", "/files/1"]
    assert all(heard.headers["Authorization"] == "Bearer canary-bearer" for heard in provider.heard)


@pytest.mark.parametrize(
    ("found", "attachment"),
    [
        pytest.param({"url": "{}/f", "sha256": "0" * 64}, Attachment(media_id="77"), id="not what was announced"),
        pytest.param({"url": "{}/f"}, Attachment(media_id="77", sha256="0" * 64), id="not what the webhook announced"),
        pytest.param({"url": "https://evil.example/f"}, Attachment(media_id="77"), id="kept by somebody else"),
        pytest.param({"url": "{}/f", "file_size": 10**9}, Attachment(media_id="77"), id="too large"),
        pytest.param({}, Attachment(media_id="77"), id="kept nowhere"),
        pytest.param({}, Attachment(media_id="../me/accounts"), id="an id that is a path"),
        pytest.param({}, Attachment(), id="neither an id nor a URL"),
    ],
)
async def test_a_wrong_file_is_refused(found, attachment, adapter, provider):
    provider.will_answer(
        200, {name: str(value).format(provider.url) if name == "url" else value for name, value in found.items()}
    )
    provider.will_send(FILE)
    with pytest.raises(errors.Rejected):
        await adapter.fetch_media(attachment)


async def test_a_file_that_could_not_be_asked_for_can_be_tried_again(adapter, provider):
    provider.will_drop()
    provider.will_drop()
    with pytest.raises(errors.Unavailable):
        await adapter.fetch_media(Attachment(media_id="77"))


@pytest.mark.parametrize("failure", [failure for code, failure in ERRORS.items() if code not in range(201, 300)])
def test_every_code_has_a_sentence_and_a_kind(failure):
    assert failure.reason.endswith(".")
    assert issubclass(failure.kind, errors.SendError)
