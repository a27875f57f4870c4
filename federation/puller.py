"""Pulling: one peer's log at a time per peer, all peers at once, a bounded piece of work each.

Pull is the truth: whatever hints get lost, and however long a peer was away, its next answered
poll brings everything. Specification: docs/spec/mirroring.md#pulling.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crypto.errors import VeilleuseError
from federation.applying import Applied
from federation.client import Lane, PeerClient
from federation.errors import RangeError, RefusedError, SplitViewError, StalledError
from federation.forks import Forks
from federation.heads import HEAD_LIMIT, Head
from federation.mirror import Mirror
from federation.pacing import Breaker, Schedule, chance
from federation.ports import Clock, Entropy
from federation.ranges import (
    ANSWER_LIMIT,
    MAX_ENTRIES,
    entries_path,
    parse_entries,
    payloads_path,
    verify_range,
)
from federation.recovering import MAX_RECOVERED, runs_of
from protocol.errors import PeerError
from protocol.merkle import CompactRange, ConsistencyError
from protocol.payload import Piece, parse_pieces

MIN_ENTRIES: Final = 32
"""Entries that are asked for at once over the slowest links."""

MAX_PULL: Final = 4 * MAX_ENTRIES
"""Entries applied before a pull makes room for others; the peer is due again at once."""


@dataclass(frozen=True, slots=True)
class PullResult:
    """How a pull ended.

    Attributes:
        peer: association id.
        applied: entries applied, also before an error.
        up_to_date: whether everything under the peer's present head is applied.
        error: stable code of what stopped it, or None.
        problem: when the peer refused: the code that it gave as its reason.
        at: Unix seconds, when it ended.
    """

    peer: str
    applied: int
    up_to_date: bool
    error: str | None
    at: int
    problem: str | None = None


@dataclass(slots=True)
class Puller:
    """Keeps the mirror up to date with every peer.

    Attributes:
        results: how the last pull of each peer ended, for people to see.
    """

    mirror: Mirror
    clients: Mapping[str, PeerClient]
    schedule: Schedule
    clock: Clock
    entropy: Entropy
    results: dict[str, PullResult] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(init=False, repr=False)
    _doubts: dict[str, Breaker] = field(init=False, repr=False)
    _spans: dict[str, int] = field(init=False, repr=False)
    _recovered: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _running: set[asyncio.Task[PullResult]] = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        """Schedule every peer."""
        self._locks = {peer: asyncio.Lock() for peer in self.clients}
        self._doubts = {peer: Breaker() for peer in self.clients}
        self._spans = dict.fromkeys(self.clients, MAX_ENTRIES)
        for peer in self.clients:
            self.schedule.add(peer, self.clock.monotonic(), chance(self.entropy(4)))

    def tick(self) -> tuple[str, ...]:
        """Start the pulls that are due and return whose; does not wait for any of them."""
        due = self.schedule.take_due(self.clock.monotonic())
        for peer in due:
            task = asyncio.create_task(self.pull(peer), name=f"pull {peer}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return due

    def contact(self, peer: str) -> None:
        """Note that `peer` has signed a request: it is alive, whatever failed before.

        For every authenticated caller; one that is not a peer is ignored. A peer that was left
        alone is pulled within a second, so that an outage ends for both sides at once.
        """
        client = self.clients.get(peer)
        if client is not None:
            if client.wait(Lane.PULL) > 0:
                self.schedule.hinted(peer, self.clock.monotonic())
            client.contact()

    async def finish(self) -> None:
        """Wait for the pulls that `tick` has started."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Stop the pulls under way. What they applied is kept; the rest comes with the next."""
        for task in self._running:
            task.cancel()
        await self.finish()

    async def pull(self, peer: str) -> PullResult:
        """Bring the mirror of one peer up to date; a second call waits for the first.

        Errors of the peer, the network and the limits end up in the result, never in the caller.
        """
        async with self._locks[peer]:
            progress = _Progress()
            failure: VeilleuseError | None = None
            try:
                await self._pull(peer, progress)
            except VeilleuseError as error:
                failure = error
            finally:
                self._judge(peer, failure)
                before = self.results.get(peer)
                self._plan(
                    peer,
                    unfinished=failure is None and not progress.up_to_date,
                    soon=failure is not None and (before is None or before.error is None),
                )
            self._adapt(peer, failure)
            result = PullResult(
                peer,
                progress.applied,
                progress.up_to_date,
                None if failure is None else failure.code,
                self.clock.now(),
                failure.problem if isinstance(failure, RefusedError) else None,
            )
            self.results[peer] = result
            return result

    async def offer(
        self, head: Head, start: int, raws: Sequence[bytes], rows: Sequence[Sequence[Piece]]
    ) -> bool:
        """Take what a hint brought along, by the path of a pull; False if a pull is still needed.

        Args:
            head: verified.
            start: index of the first of `raws`.
            raws: entries up to the end of the log under `head`.
            rows: what came of their payloads.
        """
        lock = self._locks[head.origin]
        if lock.locked():
            return False
        async with lock:
            try:
                return await self._offer(head, start, raws, rows)
            except VeilleuseError:
                return False

    async def _offer(
        self, head: Head, start: int, raws: Sequence[bytes], rows: Sequence[Sequence[Piece]]
    ) -> bool:
        held = (await self.mirror.meet(head)).applied
        if held.size == head.checkpoint.size:
            return True
        known = held.size - start
        if known < 0 or len(raws) != len(rows):
            return False
        verify_range(held, raws[known:], (), head.checkpoint)
        applied = await self.mirror.extend(head, held, raws[known:], rows[known:])
        return applied.poison is None

    def _judge(self, peer: str, failure: VeilleuseError | None) -> None:
        """Pull less often what only brings answers that are wrong: the lane's breaker sees none."""
        if isinstance(failure, PeerError):
            self._doubts[peer].failed(self.clock.monotonic(), chance(self.entropy(4)))
        elif failure is None:
            self._doubts[peer].answered()

    def _plan(self, peer: str, *, unfinished: bool, soon: bool) -> None:
        now = self.clock.monotonic()
        wait = max(self.clients[peer].wait(Lane.PULL), self._doubts[peer].wait(now))
        self.schedule.done(peer, now, chance(self.entropy(4)), wait, soon=soon)
        if unfinished:
            self.schedule.unfinished(peer, now)

    def _adapt(self, peer: str, failure: VeilleuseError | None) -> None:
        """Ask for less after a stall: a slow link that never finished would never catch up."""
        if isinstance(failure, StalledError):
            self._spans[peer] = max(self._spans[peer] // 4, MIN_ENTRIES)
        elif failure is None:
            self._spans[peer] = min(self._spans[peer] * 2, MAX_ENTRIES)

    async def _pull(self, peer: str, progress: "_Progress") -> None:
        client = self.clients[peer]
        head = self.mirror.open_head(peer, await client.get("/log/checkpoint", HEAD_LIMIT))
        client.contact()
        held = (await self.mirror.meet(head)).applied
        while held.size < head.checkpoint.size and progress.applied < MAX_PULL:
            raws = await self._entries(client, head, held)
            end = held.size + len(raws)
            while held.size < end:
                rest = raws[len(raws) - (end - held.size) :]
                applied = await self._payloads(client, head, held, rest[: self._spans[peer]])
                progress.applied += len(applied.rows)
                held = applied.range
                if applied.poison is not None:
                    raise applied.poison.error
        progress.up_to_date = held.size >= head.checkpoint.size
        if progress.up_to_date:
            await self._recover(client, peer)

    async def _recover(self, client: PeerClient, peer: str) -> None:
        """Ask again for payloads that should be held and are not, a few in each pull, in turn."""
        after = self._recovered.get(peer, 0)
        lost = await self.mirror.lost(peer, after)
        self._recovered[peer] = lost[-1] + 1 if len(lost) == MAX_RECOVERED else 0
        for start, end in runs_of(lost):
            answer = await client.get(payloads_path(peer, start, end), ANSWER_LIMIT)
            rows = await asyncio.to_thread(parse_pieces, answer, ANSWER_LIMIT)
            _check_count(rows, end - start)
            await self.mirror.recover(peer, start, rows)

    async def _entries(
        self, client: PeerClient, head: Head, held: CompactRange
    ) -> tuple[bytes, ...]:
        """Fetch the next entries, proved to lie after `held` and under `head`."""
        end = min(held.size + self._spans[head.origin], head.checkpoint.size)
        path = entries_path(head.origin, held.size, end, head.checkpoint.size)
        answer = await client.get(path, ANSWER_LIMIT)
        raws, proof = await asyncio.to_thread(parse_entries, answer, end - held.size)
        try:
            await asyncio.to_thread(verify_range, held, raws, proof, head.checkpoint)
        except ConsistencyError:
            if held.size:  # nothing contradicts an empty log
                await self._challenge(client, head, held)
            raise
        return raws

    async def _challenge(self, client: PeerClient, head: Head, held: CompactRange) -> None:
        """Tell altered answers, which convict nobody, from another history.

        Raises:
            SplitViewError: the peer's own signatures show one; its log is now quarantined.
        """
        evidence = await Forks(self.mirror.ledger, client).evidence(head, held.size)
        if evidence is not None:
            await self.mirror.convict(head, evidence)
            raise SplitViewError(
                f"{head.origin} has signed a head that does not continue its own log.", evidence
            ) from None

    async def _payloads(
        self, client: PeerClient, head: Head, held: CompactRange, raws: tuple[bytes, ...]
    ) -> Applied:
        """Fetch the payloads of as many of `raws` as the peer sends at once, and apply those."""
        path = payloads_path(head.origin, held.size, held.size + len(raws))
        answer = await client.get(path, ANSWER_LIMIT)
        rows = await asyncio.to_thread(parse_pieces, answer, ANSWER_LIMIT)
        _check_count(rows, len(raws))
        return await self.mirror.extend(head, held, raws[: len(rows)], rows)


def _check_count(rows: Sequence[Sequence[Piece]], most: int) -> None:
    if not 1 <= len(rows) <= most:
        raise RangeError("A peer answered with another number of payloads than was asked for.")


@dataclass(slots=True)
class _Progress:
    """What a pull has done so far, kept when it fails."""

    applied: int = 0
    up_to_date: bool = False
