"""A long text is cut to what its way out takes."""

import pytest

from gateway.domain.channel import Channel, Provider
from gateway.domain.outbox import Choice, Route
from gateway.outbox.cutting import cut

SENTENCE = "זו תשובה ארוכה שמסבירה הכול. "


def way(channel, provider):
    return Route(address_id=1, endpoint_id=1, channel=channel, provider=provider)


@pytest.mark.parametrize(
    ("route", "most"),
    [
        pytest.param(way(Channel.SMS, Provider.TWILIO), 1600, id="Twilio refuses more than 1600"),
        pytest.param(way(Channel.WHATSAPP, Provider.TWILIO), 1600, id="on WhatsApp too"),
        pytest.param(way(Channel.WHATSAPP, Provider.WHATSAPP_CLOUD), 4096, id="the Cloud API takes 4096"),
        pytest.param(way(Channel.WHATSAPP, None), 1600, id="unknown is taken for the smallest"),
    ],
)
def test_no_part_is_longer_than_its_provider_takes_and_no_word_is_lost(route, most):
    text = (SENTENCE * 400).strip()

    pieces = cut(text, route)

    assert max(map(len, pieces)) <= most
    assert len(pieces) == -(-len(text) // most) or len(pieces) <= len(text) // most + 2
    assert " ".join(pieces).split() == text.split()


def test_choices_find_room_in_the_last_part():
    choices = [Choice(key=str(n), label="אפשרות מספר " + str(n)) for n in range(10)]
    pieces = cut("א " * 795, way(Channel.SMS, Provider.TWILIO), choices)

    assert max(map(len, pieces)) + sum(len(choice.label) + 5 for choice in choices) <= 1600


def test_mail_is_never_cut():
    text = SENTENCE * 400
    assert cut(text, way(Channel.EMAIL, Provider.SMTP)) == (text,)
