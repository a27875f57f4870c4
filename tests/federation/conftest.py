from collections.abc import AsyncIterator

import pytest

from tests.federation.hosts import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()
