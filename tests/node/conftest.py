"""An open database in a folder of its own; a node whose pages are looked at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from node.storage.database import Database
from tests.node.web_fixture import Browser, Stage, stage


def database_at(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'node.db'}")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = database_at(tmp_path / "data")
    await opened.open()
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as built:
        yield built


@pytest_asyncio.fixture
async def browser(node: Stage) -> Browser:
    return await node.signed_in(name="Maud")
