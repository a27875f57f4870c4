import random
from collections.abc import AsyncIterator

import pytest

from federation.client import Lane, PeerClient
from tests.federation.bad_servers import Server
from tests.federation.connecting import IDENTITY, SHORT, Connect
from tests.federation.hosts import Watch, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    made: list[PeerClient] = []

    def build(server: Server | str, clock: Watch | None = None) -> PeerClient:
        url = server if isinstance(server, str) else server.url
        client = PeerClient(
            "cabiria",
            url,
            IDENTITY,
            clock or Watch(),
            random.Random(1).randbytes,
            patience=dict.fromkeys(Lane, SHORT),
        )
        made.append(client)
        return client

    yield build
    for client in made:
        await client.close()
