"""A reply address names its conversation to us alone: nobody can make one, move one, or use one for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import token
from channels.email.mailboxes import find

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "0123456789abcdef" * 2
MAILBOX = "support@example.com"


def make(conversation_id: int = 7, now: datetime = NOW) -> str:
    return token.sign(conversation_id, mailbox=MAILBOX, now=now, secret=SECRET)


def read(candidate: str, *, mailbox: str = MAILBOX, now: datetime = NOW, secret: str = SECRET) -> int | None:
    return token.read(candidate, mailbox=mailbox, now=now, secret=secret)


@given(st.integers(min_value=0, max_value=2**48 - 1))
def test_a_token_gives_back_its_conversation(conversation_id):
    assert read(make(conversation_id)) == conversation_id


@given(
    st.integers(min_value=0, max_value=token.TOKEN_CHARACTERS - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567")
)
def test_no_letter_can_be_changed(position, letter):
    genuine = make()
    changed = genuine[:position] + letter + genuine[position + 1 :]
    assert read(changed) == (7 if changed == genuine else None)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(read(make(), mailbox="sales@example.com"), id="another mailbox"),
        pytest.param(read(make(), secret="x" * 32), id="another secret"),
        pytest.param(read(make(), secret=""), id="no secret"),
        pytest.param(read(make(), now=NOW + timedelta(days=401)), id="expired"),
        pytest.param(read(make()[:-1]), id="cut"),
        pytest.param(read(make() + "a"), id="longer"),
        pytest.param(read(""), id="empty"),
        pytest.param(read("7"), id="the number alone"),
        pytest.param(read("א" * 39), id="other letters"),
    ],
)
def test_a_token_that_is_not_ours_here_and_now_says_nothing(forged):
    assert forged is None


def test_a_token_lives_for_more_than_a_year():
    assert read(make(), now=NOW + timedelta(days=399)) == 7


def test_the_case_of_letters_does_not_matter():
    assert read(make().upper()) == 7


def test_a_reply_address_fits_into_an_address():
    address = token.reply_address(2**48 - 1, mailbox=MAILBOX, domain="reply.example.com", now=NOW, secret=SECRET)
    assert address.endswith("@reply.example.com")
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("support@example.com", "support@example.com"),
        ("SUPPORT@EXAMPLE.COM", "support@example.com"),
        ("support@example.org", None),
        ("support+x@example.com", None),
        ("support+@example.com", None),
        ("support@example.com.evil.test", None),
        ("", None),
    ],
)
def test_only_our_mailboxes_are_found(account, address, mailbox):
    found = find(account, address, now=NOW)
    assert (found.mailbox if found else None) == mailbox
