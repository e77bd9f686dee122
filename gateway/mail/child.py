"""The process that parses mail: it reads requests from its standard input, and can be killed at any time.

It imports as little as it can and asks nothing of the network, the database or the environment.
"""

import os
import pickle
import resource
import struct
import sys
from dataclasses import replace
from typing import BinaryIO

from channels.contract import Request
from channels.email import message
from channels.email.verdict import Evidence, judge
from gateway.domain.account import MailAccount
from gateway.domain.event import Event

HEADER = struct.Struct(">I")
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
    while (frame := read_frame(source)) is not None:
        _limit_cpu(cpu_seconds)
        request, evidence = pickle.loads(frame)  # noqa: S301 - from our own parent
        write_frame(sink, pickle.dumps(work(request, evidence, account), pickle.HIGHEST_PROTOCOL))
        del frame, request
        if _size_bytes() > _RETIRE_BYTES:
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


def _limit_cpu(cpu_seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _size_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - as above
        return int(statm.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
