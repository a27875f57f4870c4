"""A node's accounts, as commands reach them: in its database, while it runs or not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from node.accounts import Accounts
from node.sessions import Sessions
from node.settings import load_settings
from node.storage.database import Database
from node.system import SystemClock, entropy

T = TypeVar("T")


def with_people(data: Path, work: Callable[[Accounts, Sessions], Awaitable[T]]) -> T:
    """Return what `work` makes of the accounts in `data`.

    Raises:
        SettingsError, StorageError: there is no usable node in `data`.
    """
    settings = load_settings(data)
    database = Database(settings.resolved_database_url)
    clock = SystemClock()

    async def run() -> T:
        await database.open()
        try:
            return await work(
                Accounts(database, clock, entropy),
                Sessions(database, clock, entropy, settings.session_hours),
            )
        finally:
            await database.close()

    return asyncio.run(run())


def link_of(data: Path, secret: str) -> str:
    """Return the address of a single-use sign-in link of the node in `data`."""
    return f"{load_settings(data).public_url}/entrer/{secret}"
