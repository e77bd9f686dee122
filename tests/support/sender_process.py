"""A sender as a process of its own, for tests to kill: database URL, provider URL and sender name as arguments."""

import asyncio
import sys

import people
from senders import sending

from gateway.store.db import open_pool


async def main(database_url: str, provider_url: str, name: str) -> None:
    """Send until killed."""
    pool = await open_pool(database_url)
    async with sending(pool, people.twilio(api_base=provider_url), name=name):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
