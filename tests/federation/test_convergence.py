"""Hints lost, late and doubled, peers cut off, pulls stopped half-way: all end with one log."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import VeilleuseError
from federation.applying import apply_batch
from federation.client import Lane
from federation.hints import PATH
from protocol.fold import Standing
from protocol.merkle import CompactRange
from protocol.payload import Code
from tests.federation.hosts import World
from tests.federation.memory_ledger import MemoryTransaction, State
from tests.protocol.builders import network

NET = network()
AUTHORS = ("cabiria", "griselidis")
READERS = ("strass", "entractes")
CEILING = "2031-11"

authors = st.sampled_from(AUTHORS)
readers = st.sampled_from(READERS)
steps = st.one_of(
    st.tuples(st.just("announce"), authors),
    st.tuples(st.just("revise"), authors, st.sampled_from(Code), st.integers(0, 5)),
    st.tuples(st.just("pull"), readers, authors),
    st.tuples(st.just("half_pull"), readers, authors, st.integers(0, 60)),
    st.tuples(st.just("keep_hint"), authors),
    st.tuples(st.just("old_hint"), authors, readers, st.integers(0, 5)),
    st.tuples(st.just("cut"), st.sampled_from(AUTHORS + READERS)),
    st.tuples(st.just("wait"), st.floats(0, 4000)),
)


@dataclass
class Story:
    """What happens to a network: a method for each kind of step."""

    world: World
    kept: dict[str, list[bytes]] = field(default_factory=dict)

    async def announce(self, author: str) -> None:
        log = self.world[author].log
        log.announce(f"{author} {len(log.raws)}")
        await self._publish(author)

    async def revise(self, author: str, code: Code, which: int) -> None:
        standings = self.world[author].ledger.log(author).standings
        live = [index for index, it in standings.items() if it is not Standing.WITHDRAWN]
        if live:
            self.world[author].log.revise(live[which % len(live)], code)
            await self._publish(author)

    async def pull(self, reader: str, author: str) -> None:
        await self.world[reader].puller.pull(author)

    async def half_pull(self, reader: str, author: str, moments: int) -> None:
        task = asyncio.create_task(self.world[reader].puller.pull(author))
        for _ in range(moments):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def keep_hint(self, author: str) -> None:
        sender = self.world[author].sender
        body = await self.world[author].ledger.read(lambda tx: sender._compose(tx, 0))
        if body is not None:
            self.kept.setdefault(author, []).append(body)

    async def old_hint(self, author: str, reader: str, which: int) -> None:
        bodies = self.kept.get(author, [])
        if bodies:
            client = self.world[author].clients[reader]
            with suppress(VeilleuseError):
                await client.post(PATH, bodies[which % len(bodies)], 99, Lane.HINT)

    async def cut(self, member: str) -> None:
        self.world[member].down = not self.world[member].down

    async def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    async def _publish(self, author: str) -> None:
        host = self.world[author]
        start = len(host.ledger.log(author).rows)
        await host.publish()
        await host.sender.send(start)  # to whoever is not cut off
        self.world.clock.advance(1)


def from_scratch(world: World, author: str) -> State:
    """Fold an author's log as it is served now, in one batch, into an empty ledger."""
    tx = MemoryTransaction(State())
    rows = world[author].ledger.log(author).rows
    apply_batch(
        tx,
        author,
        [row.raw for row in rows],
        [row.pieces for row in rows],
        CompactRange(),
        CEILING,
    )
    return tx.state


@settings(max_examples=40)
@given(st.lists(steps, max_size=25))
def test_honest_nodes_end_with_one_log(script: list[tuple[str, ...]]) -> None:
    async def run() -> None:
        world = World(NET)
        story = Story(world)
        for step in script:
            kind, *how = step
            await getattr(story, kind)(*how)
            for reader in READERS:
                for author in AUTHORS:
                    check_prefix(world, reader, author)
        for host in world.hosts.values():
            host.down = False
            for client in host.clients.values():
                client.contact()
        for reader in READERS:
            for author in AUTHORS:
                await world[reader].puller.pull(author)
                check_same(world, reader, author)
        await world.close()

    asyncio.run(run())


def check_prefix(world: World, reader: str, author: str) -> None:
    """Assert that whatever is held, at any moment, is a beginning of the author's log."""
    held, whole = world[reader].ledger.log(author), world[author].ledger.log(author)
    assert [row.raw for row in held.rows] == [row.raw for row in whole.rows[: len(held.rows)]]
    assert held.applied.size == len(held.rows) <= max(held.head_size, 0)
    assert held.quarantine is None


def check_same(world: World, reader: str, author: str) -> None:
    """Assert that author, mirror and a fold from nothing agree, on what is erased too."""
    held, whole = world[reader].ledger.log(author), world[author].ledger.log(author)
    scratch = from_scratch(world, author).logs.get(author)
    assert held.rows == whole.rows
    assert held.standings == whole.standings
    assert held.applied == whole.applied
    if scratch is not None:
        assert scratch.standings == whole.standings
        assert scratch.rows == whole.rows
