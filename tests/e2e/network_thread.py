"""Four real nodes in a thread with its own loop, for tests whose own code is synchronous."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.node.network_fixture import Station, TestNetwork, running_network

T = TypeVar("T")

START_SECONDS: Final = 60
STEP_SECONDS: Final = 30
LINK_SECONDS: Final = 600


@dataclass
class ThreadedNetwork:
    """A running network, reached from another thread."""

    network: TestNetwork
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the network's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(STEP_SECONDS)

    def station(self, association: str) -> Station:
        """Return one association's node."""
        return self.network[association]

    def signin_link(self, association: str, person: str) -> str:
        """Return a fresh single-use sign-in link."""
        station = self.station(association)
        secret = self.run(
            station.node.sessions.issue_signin_link(station.people[person], LINK_SECONDS)
        )
        return f"{station.url}/entrer/{secret}"


@contextmanager
def threaded_network(folder: Path, **settings: Any) -> Iterator[ThreadedNetwork]:  # noqa: ANN401
    """Run four nodes with their jobs until the block ends."""
    ready, stop = threading.Event(), threading.Event()
    box: list[ThreadedNetwork] = []

    async def run() -> None:
        try:
            async with running_network(folder, jobs=True, **settings) as network:
                box.append(ThreadedNetwork(network, asyncio.get_running_loop()))
                ready.set()
                await asyncio.to_thread(stop.wait)
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    ready.wait(START_SECONDS)
    assert box, "the network did not start"
    try:
        yield box[0]
    finally:
        stop.set()
        thread.join(START_SECONDS)
