"""Log entries with their payloads, made to order for storage tests. No cryptography of lookups."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from federation.applying import Applied, apply_batch
from federation.ports import Stored, Transaction
from protocol.entries import Announce, Revise, encode_entry
from protocol.notice import SEALED_SIZE
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Opening,
    commit,
    encode_payload,
)

CEILING = "2031-11"
UNTIL = "2031-10"


def pseudorandom(*seed: object, size: int = 32) -> bytes:
    """Bytes that look random and are the same in each run."""
    return hashlib.shake_256(repr(seed).encode()).digest(size)


@dataclass
class Author:
    """Writes one association's log."""

    origin: str
    made: int = field(default=0)

    def announce(self, tag: bytes, until: str = UNTIL, generation: int = 1) -> Stored:
        """An announcement of `tag`, with a notice of its own."""
        notice = pseudorandom(self.origin, self.made, "notice", size=SEALED_SIZE)
        return self.announce_bytes(
            encode_payload(
                AnnouncePayload(
                    origin=self.origin, generation=generation, tag=tag, notice=notice, until=until
                )
            )
        )

    def announce_bytes(self, payload: bytes) -> Stored:
        """An announcement whose payload is given, byte for byte: a copy, say."""
        entry_id, salt = self._fresh()
        opening = Opening(salt, payload)
        entry = Announce(id=entry_id, c=commit(self.origin, entry_id, opening))
        return Stored(encode_entry(entry), (opening,))

    def amend(self, ref: int, until: str = UNTIL) -> Stored:
        """Another notice for the announcement at `ref`."""
        notice = pseudorandom(self.origin, self.made, "amended", size=SEALED_SIZE)
        body = AmendPayload(origin=self.origin, notice=notice, until=until)
        return self.amend_bytes(ref, encode_payload(body))

    def amend_bytes(self, ref: int, body: bytes) -> Stored:
        """An amendment whose body is given, byte for byte."""
        return self._revise(ref, Code.AMEND, body)

    def withdraw(self, ref: int) -> Stored:
        """The end of the announcement at `ref`."""
        return self._revise(ref, Code.WITHDRAW, encode_payload(EmptyPayload()))

    def dispute(self, ref: int) -> Stored:
        """A dispute over the announcement at `ref`."""
        return self._revise(ref, Code.DISPUTE, encode_payload(EmptyPayload()))

    def _revise(self, ref: int, code: Code, body: bytes) -> Stored:
        entry_id, salt = self._fresh()
        main = Opening(salt, encode_payload(CodePayload(code=code)))
        beside = Opening(pseudorandom(salt), body)
        entry = Revise(
            id=entry_id,
            ref=ref,
            c=commit(self.origin, entry_id, main),
            body=commit(self.origin, entry_id, beside),
        )
        return Stored(encode_entry(entry), (main, beside))

    def _fresh(self) -> tuple[bytes, bytes]:
        self.made += 1
        return (
            pseudorandom(self.origin, self.made, "id", size=16),
            pseudorandom(self.origin, self.made, "salt"),
        )


def apply(tx: Transaction, origin: str, rows: Sequence[Stored]) -> Applied:
    """Fold and append, as a pull does."""
    return apply_batch(
        tx,
        origin,
        [row.raw for row in rows],
        [row.pieces for row in rows],
        tx.position(origin).applied,
        CEILING,
    )


def payload_of(row: Stored, slot: int = 0) -> bytes:
    """The payload bytes beside an entry."""
    piece = row.pieces[slot]
    assert isinstance(piece, Opening)
    return piece.payload


def salt_of(row: Stored, slot: int = 0) -> bytes:
    """The salt beside an entry."""
    piece = row.pieces[slot]
    assert isinstance(piece, Opening)
    return piece.salt
