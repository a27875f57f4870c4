"""A complete ledger in dictionaries: what node/storage does with tables, for tests of federation/.

A transaction works on a deep copy that replaces the state when it succeeds, so an exception rolls
everything back, as in a database.
"""

import asyncio
import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from federation.errors import MovedError, QuotaError, ReplayError
from federation.ports import MAX_ANSWERS, Position, Stored
from protocol.answer import MirrorStatus
from protocol.entries import Announce, Revise, parse_entry
from protocol.fold import Amended, Announced, Effect, Standing, Withdrawn, standing_after
from protocol.merkle import CompactRange, leaf_hash, subtrees_of
from protocol.payload import Gone, Opening, Piece

T = TypeVar("T")
SPAN = 256


@dataclass
class Log:
    rows: list[Stored] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    notices: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Announcement index to the places (entry, piece) of its erasable payloads."""
    applied: CompactRange = field(default_factory=CompactRange)
    head: bytes | None = None
    head_size: int = 0
    seen_size: int = 0
    head_time: int | None = None
    quarantined_at: int | None = None
    quarantine: str | None = None
    evidence: bytes | None = None


@dataclass
class State:
    logs: dict[str, Log] = field(default_factory=dict)
    nonces: set[tuple[str, bytes]] = field(default_factory=set)
    used: dict[tuple[str, int], int] = field(default_factory=dict)
    debits: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    answers: dict[tuple[str, bytes], int] = field(default_factory=dict)


@dataclass
class MemoryTransaction:
    state: State
    members: tuple[str, ...] = ()

    def _log(self, origin: str) -> Log:
        return self.state.logs.setdefault(origin, Log())

    def standing(self, origin: str, index: int) -> Standing | None:
        return self._log(origin).standings.get(index)

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        return any(
            isinstance(entry, Announce | Revise) and entry.id == entry_id
            for entry in (parse_entry(row.raw) for row in self._log(origin).rows)
        )

    def position(self, origin: str) -> Position:
        log = self._log(origin)
        return Position(
            log.applied,
            log.head,
            log.head_size,
            max(log.seen_size, log.head_size, log.applied.size),
            log.head_time,
            log.quarantined_at,
            log.quarantine,
        )

    def append(
        self,
        origin: str,
        rows: Sequence[Stored],
        effects: Iterable[Effect],
        applied: CompactRange,
    ) -> None:
        log = self._log(origin)
        if applied.size - len(rows) != log.applied.size:
            raise MovedError("The log grew meanwhile.")
        log.rows += rows
        log.applied = applied
        for effect in effects:
            self._apply(log, effect)

    def _apply(self, log: Log, effect: Effect) -> None:
        at = effect.index if isinstance(effect, Announced) else effect.ref
        log.standings[at] = standing_after(effect, log.standings.get(at))
        match effect:
            case Announced(index=index):
                log.notices[index] = [(index, 0)]
            case Amended(index=index, ref=ref):
                log.notices[ref].append((index, 1))
            case Withdrawn(index=index, ref=ref):
                for place in log.notices[ref]:
                    self._erase(log, place, index)

    def _erase(self, log: Log, place: tuple[int, int], by: int) -> None:
        index, slot = place
        row = log.rows[index]
        pieces = list(row.pieces)
        pieces[slot] = Gone(by)
        log.rows[index] = Stored(row.raw, tuple(pieces))

    def set_head(self, origin: str, note: bytes, size: int, time: int) -> None:
        log = self._log(origin)
        if size >= log.head_size:
            log.head, log.head_size = note, size
            if size <= log.applied.size:
                log.head_time = max(time, log.head_time or 0)

    def set_seen(self, origin: str, size: int) -> None:
        log = self._log(origin)
        log.seen_size = max(log.seen_size, size)

    def quarantine(self, origin: str, index: int, code: str, evidence: bytes) -> None:
        log = self._log(origin)
        log.quarantined_at, log.quarantine, log.evidence = index, code, evidence

    def entries(self, origin: str, start: int, end: int) -> list[bytes]:
        return [row.raw for row in self._log(origin).rows[start:end]]

    def pieces(self, origin: str, start: int, end: int) -> list[tuple[Piece, ...]]:
        return [row.pieces for row in self._log(origin).rows[start:end]]

    def node(self, origin: str, level: int, index: int) -> bytes:
        leaves = [leaf_hash(row.raw) for row in self._log(origin).rows]
        return subtrees_of(leaves)(level, index)

    def tile(self, origin: str, level: int, index: int, width: int) -> bytes | None:
        span = SPAN**level
        if (index * SPAN + width) * span > len(self._log(origin).rows):
            return None
        first = index * SPAN
        return b"".join(self.node(origin, 8 * level, first + i) for i in range(width))

    def lost(self, origin: str, after: int, most: int, now: int) -> list[int]:
        del now
        log = self._log(origin)
        indices = [i for i, standing in log.standings.items() if standing is Standing.MISSING]
        for ref, places in log.notices.items():
            index, slot = places[-1]
            held = isinstance(log.rows[index].pieces[slot], Opening)
            if log.standings[ref] is not Standing.WITHDRAWN and not held:
                indices.append(index)
        return [index for index in sorted(set(indices)) if index >= after][:most]

    def restore(
        self, effect: Announced | Amended, opening: Opening, standing: Standing | None
    ) -> None:
        log = self._log(effect.origin)
        row = log.rows[effect.index]
        log.rows[effect.index] = Stored(row.raw, (*row.pieces[:-1], opening))
        if standing is not None:
            log.standings[effect.index] = standing

    def use_nonce(self, caller: str, nonce: bytes, expires: int) -> None:
        del expires
        if (caller, nonce) in self.state.nonces:
            raise ReplayError("This signed request was used before.")
        self.state.nonces.add((caller, nonce))

    def debit(
        self, member: str, request: bytes, body_hash: bytes, elements: int, day: int, limit: int
    ) -> bool:
        known = self.state.debits.get((member, request))
        if known is not None:
            if known != body_hash:
                raise ReplayError("This request id was used with another body.")
            if self.state.answers[member, request] == MAX_ANSWERS:
                raise QuotaError(retry_after=0)
            self.state.answers[member, request] += 1
            return False
        used = self.state.used.get((member, day), 0) + elements
        if used > limit:
            raise QuotaError(retry_after=1)
        self.state.used[member, day] = used
        self.state.debits[member, request] = body_hash
        self.state.answers[member, request] = 1
        return True

    def mirrors(self, now: int) -> list[MirrorStatus]:
        del now
        return [
            MirrorStatus(
                member,
                (log := self._log(member)).head_time,
                log.applied.size,
                max(log.seen_size, log.head_size),
                sum(standing is Standing.MISSING for standing in log.standings.values()),
                log.quarantine,
            )
            for member in self.members
        ]


@dataclass
class MemoryLedger:
    members: tuple[str, ...] = ()
    state: State = field(default_factory=State)
    writes: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, work: Callable[[MemoryTransaction], T]) -> T:
        await asyncio.sleep(0)
        return work(MemoryTransaction(copy.deepcopy(self.state), self.members))

    async def write(self, work: Callable[[MemoryTransaction], T]) -> T:
        async with self._turn:
            await asyncio.sleep(0)
            draft = copy.deepcopy(self.state)
            result = work(MemoryTransaction(draft, self.members))
            self.state = draft
            self.writes += 1
            return result

    def log(self, origin: str) -> Log:
        return self.state.logs.setdefault(origin, Log())
