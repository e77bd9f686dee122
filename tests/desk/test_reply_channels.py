"""Which way to write to a person, and what stands in for it."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.desk.cards import ReplyChannel
from gateway.desk.reply_channels import choose, fallbacks, preferred
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.errors import Refused
from gateway.domain.outbox import Route

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PHONE, OTHER_PHONE, MAIL = "tel:+972501234567", "tel:+972507654321", "mailto:dana@example.com"


def way(channel: Channel, uri: str, address_id: int = 1, **changes: object) -> ReplyChannel:
    values: dict[str, object] = {
        "route": Route(address_id=address_id, endpoint_id=list(Channel).index(channel), channel=channel),
        "uri": uri,
        "proven": True,
        "endpoint": "ours",
        "endpoint_address": "+15005550006",
    }
    return ReplyChannel(**(values | changes))


def open_whatsapp(uri: str = PHONE, address_id: int = 1, **changes: object) -> ReplyChannel:
    closes_at = {"window_closes_at": NOW + timedelta(hours=1), "last_inbound_at": NOW}
    return way(Channel.WHATSAPP, uri, address_id, **(closes_at | changes))


SMS = way(Channel.SMS, PHONE)


def test_an_unproven_address_never_stands_in_for_a_proven_one():
    forged = way(Channel.EMAIL, MAIL, 2, proven=False)
    assert fallbacks([SMS, forged], SMS, Purpose.REPLY, NOW) == []


def test_a_proven_address_may_stand_in_for_an_unproven_one():
    forged = way(Channel.EMAIL, MAIL, 2, proven=False)
    assert fallbacks([forged, SMS], forged, Purpose.REPLY, NOW) == [SMS]


def test_the_same_address_comes_first():
    another, same = open_whatsapp(OTHER_PHONE, 2), open_whatsapp()
    assert fallbacks([SMS, another, same], SMS, Purpose.REPLY, NOW) == [same, another]


@pytest.mark.parametrize(
    "useless",
    [
        pytest.param(way(Channel.SMS, OTHER_PHONE, 2), id="the channel that just failed"),
        pytest.param(way(Channel.EMAIL, MAIL, 2, unreachable="gone"), id="nobody is there"),
        pytest.param(way(Channel.EMAIL, MAIL, 2, opted_out=frozenset((Purpose.ANY,))), id="opted out"),
        pytest.param(way(Channel.WHATSAPP, PHONE), id="WhatsApp they never used"),
        pytest.param(open_whatsapp(window_closes_at=NOW), id="a window that is shut"),
    ],
)
def test_what_cannot_help_is_no_fallback(useless):
    assert fallbacks([SMS, useless], SMS, Purpose.NOTICE, NOW) == []


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(way(Channel.EMAIL, MAIL, 2, unreachable="gone"), id="nobody is there"),
        pytest.param(open_whatsapp(window_closes_at=NOW), id="a window that is shut"),
    ],
)
def test_what_works_is_preferred_to_what_was_used_last(first):
    assert preferred([first, SMS], NOW) is SMS


def test_when_nothing_works_the_one_used_last_is_tried():
    gone = [way(Channel.EMAIL, MAIL, 2, unreachable="gone"), way(Channel.SMS, PHONE, unreachable="gone")]
    assert preferred(gone, NOW) is gone[0]


def test_the_channel_asked_for_is_taken_also_when_another_works_better():
    mail = way(Channel.EMAIL, MAIL, 2, unreachable="gone")
    asked = {"channel": Channel.EMAIL, "address_id": None, "purpose": Purpose.REPLY, "now": NOW}
    assert choose([SMS, mail], **asked) is mail
    with pytest.raises(Refused, match="no address on email"):
        choose([SMS], **asked)
