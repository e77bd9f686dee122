"""A sender as a process of its own, for tests to kill: database URL, provider URL, name and lease as arguments."""

import asyncio
import sys

import people
from senders import sending

from gateway.outbox.budgets import Limits
from gateway.store.db import open_pool


async def main(database_url: str, provider_url: str, name: str, lease_seconds: str = "60") -> None:
    """Send until killed."""
    pool = await open_pool(database_url)
    limits = Limits(lease_seconds=float(lease_seconds))
    async with sending(pool, people.twilio(api_base=provider_url), name=name, limits=limits):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
