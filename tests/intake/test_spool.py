"""The spool keeps what PostgreSQL could not take: in order, whole, over crashes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from channels.contract import Request
from gateway.intake.spool import Spool


def payload(body: bytes) -> Request:
    return Request(source="twilio", target="/x", headers={"a": "b"}, body=body, received_at=datetime.now(UTC))


@pytest.fixture
def open_spool(tmp_path) -> Iterator[Callable[[], Spool]]:
    opened = []

    def open_one() -> Spool:
        opened.append(Spool.open(tmp_path))
        return opened[-1]

    yield open_one
    for spool in opened:
        spool.close()


async def test_entries_come_back_whole_and_in_order_after_a_restart(open_spool):
    spool = open_spool()
    await spool.append([payload(b"one\x00\xff"), payload("שתיים".encode())])
    await spool.append([payload(b"three")])
    spool.close()

    again = open_spool()

    assert again.size == 3
    assert [entry.body for entry in again.peek(10)] == [b"one\x00\xff", "שתיים".encode(), b"three"]


async def test_what_was_dropped_is_not_read_again(open_spool, tmp_path):
    spool = open_spool()
    await spool.append([payload(b"one"), payload(b"two")])
    spool.drop(spool.peek(1))

    assert [entry.body for entry in spool.peek(10)] == [b"two"]
    spool.drop(spool.peek(1))
    assert spool.size == 0
    assert not list(tmp_path.glob("*.spool"))


@pytest.mark.parametrize("torn", [1, 3, 7], ids=["one byte is missing", "three", "seven"])
async def test_a_torn_last_entry_is_dropped_and_new_ones_are_read_behind_it(open_spool, tmp_path, torn):
    spool = open_spool()
    await spool.append([payload(b"whole"), payload(b"torn")])
    spool.close()
    file = next(tmp_path.glob("*.spool"))
    file.write_bytes(file.read_bytes()[:-torn])

    again = open_spool()
    await again.append([payload(b"new")])

    assert [entry.body for entry in again.peek(10)] == [b"whole", b"new"]


async def test_two_processes_never_share_a_spool(open_spool):
    first, second = open_spool(), open_spool()
    await first.append([payload(b"mine")])

    assert second.size == 0


async def test_a_dead_process_leaves_its_spool_to_the_next(open_spool):
    first, second = open_spool(), open_spool()
    await second.append([payload(b"left behind")])
    first.close()
    second.close()

    heir = open_spool()

    assert [entry.body for entry in heir.peek(10)] == [b"left behind"]
