"""Which account the servers run under when we are root: PostgreSQL refuses root, and Valkey needs none of its powers.

No account is made. Folders on the way that only root may enter get one access entry for that account, no more.
"""

import os
import pwd
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.domain.errors import GatewayError

_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_ENTER = 1
_NOBODY_IN_PARTICULAR = 0xFFFFFFFF
_ACL = "system.posix_acl_access"
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An unprivileged account: its user and group id, or None to stay who we are, which is not root then."""

    uid: int | None = None
    gid: int | None = None

    @property
    def other_groups(self) -> list[int] | None:
        """The further groups a process of this account belongs to: none, or ours when we stay who we are."""
        return None if self.uid is None else []

    @classmethod
    def for_data(cls, folder: Path) -> Self:
        """Choose the account for servers that keep their data here.

        The owner of existing data keeps it, so that installing PostgreSQL beside us later changes nothing.
        """
        if os.geteuid() != 0:
            return cls()
        if folder.exists() and (owner := folder.stat()).st_uid != 0:
            return cls(uid=owner.st_uid, gid=owner.st_gid)
        for name in _CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(uid=entry.pw_uid, gid=entry.pw_gid)
        raise GatewayError(f"Running as root needs one of the accounts {', '.join(_CANDIDATES)} for PostgreSQL")

    def owns(self, folder: Path) -> None:
        """Make the folder if needed, give it to this account alone, and let the account reach it."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if self.uid is None or self.gid is None:
            return
        os.chown(folder, self.uid, self.gid)
        self.reaches(folder)

    def reaches(self, path: Path) -> None:
        """Let this account pass through every folder above the path; needed when a checkout lives in /root.

        Raises:
            GatewayError: the file system keeps no access lists, so a person must move the folder.
        """
        if self.uid is None:
            return
        for folder in path.resolve().parents:
            status = folder.stat()
            if status.st_mode & 0o001 or status.st_uid == self.uid:
                continue
            try:
                _let_in(folder, self.uid, status.st_mode)
            except OSError as error:
                raise GatewayError(
                    f"{folder} is closed to the account PostgreSQL runs under (user id {self.uid}): {error.strerror}."
                    " Move the checkout or ESHNAV_DATA elsewhere, or set DATABASE_URL and REDIS_URL"
                ) from error


def _let_in(folder: Path, uid: int, mode: int) -> None:
    """Add 'this user may enter' to the folder's access list (the kernel's own binary form, acl(5))."""
    entries = {
        (_USER_OBJ, _NOBODY_IN_PARTICULAR): mode >> 6 & 7,
        (_GROUP_OBJ, _NOBODY_IN_PARTICULAR): mode >> 3 & 7,
        (_MASK, _NOBODY_IN_PARTICULAR): mode >> 3 & 7,
        (_OTHER, _NOBODY_IN_PARTICULAR): mode & 7,
    }
    if _ACL in os.listxattr(folder):
        stored = os.getxattr(folder, _ACL)
        entries |= {(tag, who): allowed for tag, allowed, who in struct.iter_unpack("<HHI", stored[4:])}
    entries[_USER, uid] = _ENTER
    entries[_MASK, _NOBODY_IN_PARTICULAR] |= _ENTER
    packed = b"".join(struct.pack("<HHI", tag, allowed, who) for (tag, who), allowed in sorted(entries.items()))
    os.setxattr(folder, _ACL, struct.pack("<I", 2) + packed)
