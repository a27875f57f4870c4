"""Hints: telling the others that there is something to pull, and often bringing it along.

A hint may be lost, doubled, late or a lie: it holds nothing that a pull would not find, and what
it brings is verified like a pull. Specification: docs/spec/mirroring.md#hints.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final

from pydantic import Field

from crypto.errors import VeilleuseError
from federation.client import Lane, PeerClient
from federation.errors import NotMemberError, OversizeError
from federation.heads import HEAD_LIMIT
from federation.identity import Identity
from federation.pacing import COALESCE, Schedule
from federation.ports import Clock, Ledger, Transaction
from federation.puller import Puller
from federation.serving import own_head
from protocol.canonical import dumps
from protocol.errors import PeerError
from protocol.message import Base64, Message, read_message
from protocol.payload import Piece, PiecesMessage, encode_pieces, parse_pieces
from protocol.requests import MAX_AGE, MAX_AHEAD, VerifiedRequest
from protocol.roster import Roster

MAX_HINT_SIZE: Final = 65_536
"""Bytes. A hint that would be larger leaves the entries out."""

PATH: Final = "/federation/v1/hint"
_ANSWER_LIMIT: Final = 256
_MOST_ENTRIES: Final = 1024  # 64 bytes each would already be a full hint


class HintError(PeerError):
    """A hint does not have its shape."""

    code: ClassVar[str] = "hint"


class HintMessage(Message):
    """`POST /federation/v1/hint`: a head, and the entries from `start` to its end, or none."""

    checkpoint: Annotated[Base64, Field(max_length=HEAD_LIMIT)]
    start: Annotated[int, Field(ge=0, lt=2**53)]
    entries: Annotated[tuple[Base64, ...], Field(max_length=_MOST_ENTRIES)] = ()
    pieces: PiecesMessage = PiecesMessage(items=())


@dataclass(frozen=True, slots=True)
class Hint:
    """A parsed hint; nothing in it is verified."""

    note: bytes
    start: int
    raws: tuple[bytes, ...]
    rows: tuple[tuple[Piece, ...], ...]


def encode_hint(
    note: bytes, start: int, raws: Sequence[bytes], rows: Sequence[Sequence[Piece]]
) -> bytes:
    """Return the canonical bytes of a hint, without the entries if they would make it too large."""
    if len(raws) <= _MOST_ENTRIES:
        pieces = PiecesMessage.model_validate_json(encode_pieces(rows))
        body = HintMessage(
            checkpoint=note, start=start, entries=tuple(raws), pieces=pieces
        ).encode()
        if len(body) <= MAX_HINT_SIZE:
            return body
    return HintMessage(checkpoint=note, start=start).encode()


def parse_hint(body: bytes) -> Hint:
    """Return the hint in a request's body.

    Raises:
        OversizeError: longer than `MAX_HINT_SIZE`.
        CanonicalError, HintError, PayloadError: not a hint.
    """
    if len(body) > MAX_HINT_SIZE:
        raise OversizeError(f"A hint has at most {MAX_HINT_SIZE} bytes.")
    message = read_message(HintMessage, body, MAX_HINT_SIZE, HintError, "A hint is malformed.")
    rows = parse_pieces(message.pieces.encode(), MAX_HINT_SIZE)
    return Hint(message.checkpoint, message.start, message.entries, rows)


@dataclass(slots=True)
class HintSender:
    """Tells every other member that this node's log has grown."""

    roster: Roster
    ledger: Ledger
    identity: Identity
    clock: Clock
    clients: Mapping[str, PeerClient]
    _from: int | None = None
    _next: float = 0.0
    _waiting: bool = False
    _running: set[asyncio.Task[None]] = field(init=False, repr=False, default_factory=set)

    def notify(self, start: int) -> None:
        """Send a hint in the background; whether anybody hears it does not matter.

        Args:
            start: size of this node's log before the new entries.
        """
        task = asyncio.create_task(self.send(start), name="hint")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def send(self, start: int) -> None:
        """Send a hint to all members at once, at most one a second: later news joins the next."""
        self._from = start if self._from is None else min(self._from, start)
        if self._waiting:
            return
        self._waiting = True
        try:
            await asyncio.sleep(max(0.0, self._next - self.clock.monotonic()))
        finally:
            self._waiting = False
        self._next = self.clock.monotonic() + COALESCE
        start, self._from = self._from, None
        body = await self.ledger.read(lambda tx: self._compose(tx, start))
        if body is not None:
            await asyncio.gather(*(_post(client, body) for client in self.clients.values()))

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _compose(self, tx: Transaction, start: int) -> bytes | None:
        me = self.identity.id
        position = tx.position(me)
        if position.head is None:
            return None
        note = own_head(self.roster, self.identity, position.head, self.clock.now())
        end = min(position.head_size, start + _MOST_ENTRIES + 1)
        return encode_hint(note, start, tx.entries(me, start, end), tx.pieces(me, start, end))


async def _post(client: PeerClient, body: bytes) -> None:
    try:
        await client.post(PATH, body, _ANSWER_LIMIT, Lane.HINT)
    except VeilleuseError:
        return  # the peer's next pull brings everything; its breaker has been told


@dataclass(frozen=True, slots=True)
class HintReceiver:
    """Takes hints from other members."""

    ledger: Ledger
    clock: Clock
    schedule: Schedule
    puller: Puller

    async def receive(self, caller: str, verified: VerifiedRequest) -> bytes:
        """Act on a member's hint about its own log, and return the answer's body.

        Args:
            caller: `verified.keyid`.
            verified: its body is the hint.

        Raises:
            NotMemberError: an auditor, a stranger, or this node itself.
            OversizeError, CanonicalError, HintError, PayloadError: not a hint.
            NoteError, CheckpointError, UncosignedError, PeerClockError: not a head of the
                caller's own log.
            ReplayError: this signed request was used before.
        """
        if caller not in self.puller.clients:
            raise NotMemberError("Hints are for members, each about its own log.")
        hint = parse_hint(verified.request.body)
        head = self.puller.mirror.open_head(caller, hint.note)
        # A transaction of its own: if the node dies before the next one, a pull makes up for it.
        await self.ledger.write(
            lambda tx: tx.use_nonce(caller, verified.nonce, verified.created + MAX_AGE + MAX_AHEAD)
        )
        self.puller.contact(caller)
        if not await self.puller.offer(head, hint.start, hint.raws, hint.rows):
            self.schedule.hinted(caller, self.clock.monotonic())
        return dumps({})
