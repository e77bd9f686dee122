"""The process that parses mail: it reads requests from its standard input, and can be killed at any time.

It imports as little as it can and asks nothing of the network, the database or the environment.
"""

import itertools
import math
import os
import pickle
import resource
import struct
import sys
import time
from typing import BinaryIO

from msgspec.structs import replace

from channels.contract import Request
from channels.email import message
from channels.email.verdict import Evidence, judge
from gateway.domain.account import MailAccount
from gateway.domain.messages import Event

HEADER = struct.Struct(">I")
_WEIGHED_EVERY = 16
_RETIRE_BYTES = 120 * 1024 * 1024


def main() -> None:
    """Serve until the parent closes the pipe, or until grown too large to keep."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print must not break the frames
    settings = read_frame(source)
    if settings is None:
        return
    account, cpu_seconds, memory_bytes = pickle.loads(settings)  # noqa: S301 - from our own parent
    _limit_memory(memory_bytes)
    armed_at = -math.inf
    for count in itertools.count(1):
        frame = read_frame(source)
        if frame is None:
            return
        armed_at = _limit_cpu(cpu_seconds, armed_at)
        request, evidence = pickle.loads(frame)  # noqa: S301 - from our own parent
        write_frame(sink, pickle.dumps(work(request, evidence, account), pickle.HIGHEST_PROTOCOL))
        del frame, request
        if count % _WEIGHED_EVERY == 0 and _size_bytes() > _RETIRE_BYTES:
            return


def work(request: Request, evidence: Evidence, account: MailAccount) -> tuple[Event, ...]:
    """Judge and parse one mail; whatever goes wrong becomes a stand-in that an agent sees."""
    try:
        verdict = judge(request.body, evidence)
        judged = replace(request, headers={**request.headers, message.VERIFICATION: verdict})
        return message.read(judged, account)
    except Exception as error:  # noqa: BLE001 - MemoryError and RecursionError among them
        return (message.unparsable(request, account, because=type(error).__name__),)


def read_frame(source: BinaryIO) -> bytes | None:
    """Read one length-prefixed frame; None at the end."""
    head = source.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    return source.read(HEADER.unpack(head)[0])


def write_frame(sink: BinaryIO, content: bytes) -> None:
    """Write one length-prefixed frame."""
    sink.write(HEADER.pack(len(content)))
    sink.write(content)
    sink.flush()


def _limit_memory(memory_bytes: int) -> None:
    """Let the address space grow by so much beyond what the imports took."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is one import more
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + memory_bytes, now + memory_bytes))


def _limit_cpu(cpu_seconds: int, armed_at: float) -> float:
    """Give the mail at hand its processor time, up to a second more or less; gives when that was last done.

    Setting this limit takes the kernel as long as a mail takes us, so it is done once a second of work.
    """
    used = time.process_time()
    if used - armed_at < 1:
        return armed_at
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1 + cpu_seconds, resource.RLIM_INFINITY))
    return used


def _size_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - as above
        return int(statm.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
