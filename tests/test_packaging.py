"""What a wheel holds: every file the code reads, since a stray ignore pattern would silently drop them."""

from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
# Sources of the screens' bundle, and the bundle itself, which the build hook names.
LEFT_OUT = (ROOT / "gateway" / "web" / "frontend", ROOT / "gateway" / "web" / "static")


@pytest.fixture(scope="module")
def packaged() -> set[str]:
    return {file.relative_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}


@pytest.mark.parametrize("top", ["gateway", "channels", "routing", "templates"])
def test_every_file_of_a_part_is_packaged(packaged, top):
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not any(path.is_relative_to(out) for out in LEFT_OUT)
    }
    assert files - packaged == set()


def test_the_wiring_is_packaged_and_the_tests_are_not(packaged):
    assert {"app.py", "worker.py"} <= packaged
    assert not [name for name in packaged if name.startswith(("tests", "docker", "var"))]
