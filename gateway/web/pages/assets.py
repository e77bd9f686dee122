"""The bundled scripts, styles and icons: served with their fingerprint in the URL, so that browsers may keep them."""

import hashlib
from functools import cache
from importlib import resources

from aiohttp import web

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
_KEEP = "public, max-age=31536000, immutable"


@cache
def _bundle() -> dict[str, bytes]:
    folder = resources.files("gateway.web") / "static"
    if not folder.is_dir():
        return {}
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@cache
def url(name: str) -> str:
    """Give the URL of a bundled file."""
    return f"/static/{name}?v={hashlib.sha256(_bundle().get(name, b'')).hexdigest()[:12]}"


async def serve(request: web.Request) -> web.Response:
    """Serve a bundled file."""
    name = request.match_info["name"]
    content = _bundle().get(name)
    if content is None:
        raise web.HTTPNotFound
    kind = next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), "application/octet-stream")
    headers = {"Cache-Control": _KEEP} if "v" in request.query else {"Cache-Control": "no-cache"}
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
