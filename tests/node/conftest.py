"""An open database in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from node.storage.database import Database


def database_at(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'node.db'}")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = database_at(tmp_path / "data")
    await opened.open()
    yield opened
    await opened.close()
