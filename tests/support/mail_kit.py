"""A DNS for tests of mail whose records are a dictionary."""

from channels.email.spf import DnsDown


class Lookup:
    """A DNS whose records are a dictionary; names in `down` do not answer."""

    def __init__(self, records: dict[tuple[str, str], list[str]] | None = None, down: frozenset[str] = frozenset()):
        self.records = records or {}
        self.down = down
        self.asked: list[tuple[str, str]] = []

    async def resolve(self, name: str, kind: str) -> list[str]:
        self.asked.append((name.rstrip("."), kind))
        if name.rstrip(".") in self.down or "*" in self.down:
            raise DnsDown
        return self.records.get((name.rstrip("."), kind), [])
