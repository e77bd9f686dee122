"""Files and long texts that came with messages, for logged-in agents only: nothing a customer sent is ever run."""

import re
import unicodedata
from urllib.parse import quote

from aiohttp import web

from gateway.desk import inbox
from gateway.domain.errors import NotFound
from gateway.web.server.paths import number
from gateway.web.server.services import SERVICES

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_NAME = 150
_NOTHING_RUNS = "default-src 'none'; sandbox"


async def download(request: web.Request) -> web.StreamResponse:
    """Give one stored file."""
    services = request.app[SERVICES]
    file = await inbox.find_file(services.pool, number(request))
    if file.sha256 is None:
        raise NotFound("this file is not here (yet)")
    try:
        content = await services.files.read(file.sha256)
    except FileNotFoundError as error:
        raise NotFound("this file is no longer here") from error
    name = quote(safe_name(file.filename) or "file", safe="")
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": _NOTHING_RUNS,
        },
    )


async def whole_text(request: web.Request) -> web.StreamResponse:
    """Give all of what a message said, as plain text, where it is too long to unfold in the thread."""
    text = await inbox.whole_text(request.app[SERVICES].pool, number(request))
    return web.Response(text=text, content_type="text/plain", headers={"Content-Security-Policy": _NOTHING_RUNS})


def safe_name(name: str) -> str:
    """Take out of a file name what could lead elsewhere or hide its ending: paths, controls, invisible marks."""
    visible = "".join(each for each in name if unicodedata.category(each) not in ("Cf", "Cc", "Co", "Cs"))
    return _UNSAFE.sub("_", visible).strip(". ")[-_LONGEST_NAME:]
