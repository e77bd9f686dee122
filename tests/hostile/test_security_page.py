"""Every row of the security page names a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_row_names_a_test_and_every_test_named_exists():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) > 30
    assert [row for row in rows if "`tests/" not in row] == []
    assert [name for name in re.findall(r"`(tests/[\w./]+)`", PAGE) if not (ROOT / name).exists()] == []


def test_every_hostile_test_is_on_the_page():
    files = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}
    assert [name for name in sorted(files) if name not in PAGE] == []
