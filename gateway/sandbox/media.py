"""Files in memory: what customers attach, what the product uploads, raw mails. Bounded in bytes, oldest gone first."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

_KEPT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """One file's bytes with the type and name it came under."""

    content: bytes
    media_type: str
    filename: str = ""


class MediaStore:
    """Keeps files under tokens that cannot be guessed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Media] = OrderedDict()
        self._bytes = 0

    def put(self, media: Media) -> str:
        """Keep a file and give its token, making room by dropping the oldest ones."""
        token = str(secrets.randbelow(9 * 10**15) + 10**15)
        self._kept[token] = media
        self._bytes += len(media.content)
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.content)
        return token

    def get(self, token: str) -> Media | None:
        """Give the file, or None when it was never here or had to make room."""
        return self._kept.get(token)

    def drop(self, token: str) -> bool:
        """Forget a file; says whether it was here."""
        media = self._kept.pop(token, None)
        if media is not None:
            self._bytes -= len(media.content)
        return media is not None

    def clear(self) -> None:
        """Drop everything."""
        self._kept.clear()
        self._bytes = 0
