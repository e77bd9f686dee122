"""The sandbox as a process: it stands alone, says what is missing, stays small and stops at once."""

import ast
import asyncio
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from gateway.sandbox.segments import count_segments
from gateway.sandbox.settings import SettingsError, read_settings

PACKAGE = Path(__file__).parents[2] / "gateway" / "sandbox"
OURS = ("gateway", "channels", "routing")


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def resident_bytes(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_the_sandbox_imports_nothing_else_of_ours():
    strangers = {
        (path.name, name)
        for path in PACKAGE.rglob("*.py")
        for name in imported_names(path)
        if name.split(".")[0] in OURS and not name.startswith("gateway.sandbox")
    }
    assert strangers == set()


def test_everything_missing_is_said_at_once():
    with pytest.raises(SettingsError) as caught:
        read_settings({"SANDBOX_PORT": "x", "WHATSAPP_TOKEN": "t"})
    assert str(caught.value).count("is not set") == 5
    assert "SANDBOX_PORT has no port number: 'x'" in str(caught.value)


async def test_the_process_starts_small_and_stops_within_two_seconds(sandbox_environment):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.sandbox", stdout=asyncio.subprocess.PIPE, env=os.environ | sandbox_environment
    )
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    assert re.fullmatch(r"sandbox: http://127\.0\.0\.1:\d+/sandbox/ and SMTP on 127\.0\.0\.1:\d+\n", line)
    assert resident_bytes(process.pid) < 60_000_000
    port = int(re.search(r":(\d+)/", line)[1])
    _, watching = await asyncio.open_connection("127.0.0.1", port)
    watching.write(b"GET /sandbox/events HTTP/1.1\r\nHost: x\r\n\r\n")
    await watching.drain()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    exit_code = await asyncio.wait_for(process.wait(), 5)
    seconds = time.monotonic() - begun
    watching.close()
    assert exit_code == 0
    assert seconds < 2


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        pytest.param("", 1, id="nothing is one"),
        pytest.param("a" * 160, 1, id="160 septets"),
        pytest.param("a" * 161, 2, id="161 septets"),
        pytest.param("a" * 306, 2, id="2 × 153"),
        pytest.param("€" * 80, 1, id="escaped characters cost two"),
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="an escape does not straddle"),
        pytest.param("א" * 70, 1, id="70 units"),
        pytest.param("א" * 71, 2, id="71 units"),
        pytest.param("א" * 66 + "🙂" + "א" * 66, 3, id="an emoji does not straddle"),
    ],
)
def test_segments_are_counted_as_twilio_does(text, segments):
    assert count_segments(text) == segments
