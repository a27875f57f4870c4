"""Small real networks and logs for protocol tests: real keys, real sharing, no I/O."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from securesystemslib.signer import Signature
from tuf.api.metadata import Metadata, Root

from crypto.dealing import deal
from crypto.sealing import sealing_public
from crypto.sharing import Dealing, public_share
from crypto.signing import public_key, sign
from crypto.values import SealingSecret, SigningSeed
from protocol.entries import Announce, Revise, encode_entry, parse_entry
from protocol.fold import Item
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Opening,
    Payload,
    Piece,
    Slot,
    commit,
    encode_payload,
)
from protocol.roster import (
    Auditor,
    Epoch,
    Facts,
    Member,
    Parameters,
    Roster,
    Stretching,
    build_genesis,
    officer_key,
    verify_genesis,
)

NAMES = ("strass", "cabiria", "griselidis", "entractes")
CHEAP = Parameters(argon2id=Stretching(operations=1, memory_kib=8))


def stream(label: str, size: int = 32) -> bytes:
    """Bytes that look random and are the same in each run."""
    return hashlib.shake_256(label.encode()).digest(size)


def seed(label: str) -> SigningSeed:
    return SigningSeed(stream(label))


@dataclass(frozen=True)
class Network:
    """A founded network with all its secrets, as no real party ever holds them."""

    roster: Roster
    dealing: Dealing
    officers: dict[str, SigningSeed]


def facts(names: Sequence[str] = NAMES, threshold: int | None = None) -> tuple[Facts, Dealing]:
    indices = tuple(range(1, len(names) + 1))
    dealing = deal(threshold or len(names) // 2 + 1, indices, stream("dealing", 64 * 16))
    members = tuple(
        Member(
            id=name,
            name=name.title(),
            url=f"http://127.0.0.1:{9000 + index}",
            transport_key=public_key(seed(f"{name} transport")),
            log_key=public_key(seed(f"{name} log")),
            witness_key=public_key(seed(f"{name} witness")),
            sealing_key=sealing_public(SealingSecret(stream(f"{name} sealing"))),
            officer_key=public_key(seed(f"{name} officer")),
            custodian=index,
        )
        for index, name in zip(indices, names, strict=True)
    )
    epoch = Epoch(
        generation=1,
        id=stream("epoch"),
        threshold=threshold or len(names) // 2 + 1,
        public_key=dealing.public_key,
        public_shares={str(i): public_share(share) for i, share in dealing.shares.items()},
    )
    auditor = Auditor(
        id="auditrice", name="Auditrice", transport_key=public_key(seed("auditrice transport"))
    )
    return Facts(
        network="essai", members=members, auditors=(auditor,), parameters=CHEAP, epoch=epoch
    ), dealing


def genesis(content: Facts, signers: Sequence[str]) -> bytes:
    metadata = build_genesis(content, datetime(2036, 1, 1, tzinfo=UTC))
    for name in signers:
        sign_as(metadata, seed(f"{name} officer"))
    return metadata.to_bytes()


def sign_as(metadata: Metadata[Root], officer: SigningSeed) -> None:
    key = officer_key(public_key(officer))
    signature = sign(officer, metadata.signed_bytes).hex()
    metadata.signatures[key.keyid] = Signature(key.keyid, signature)


def network(names: Sequence[str] = NAMES, threshold: int | None = None) -> Network:
    content, dealing = facts(names, threshold)
    return Network(
        verify_genesis(genesis(content, names)),
        dealing,
        {name: seed(f"{name} officer") for name in names},
    )


@dataclass
class LogBuilder:
    """Writes a correct log; tests then break it."""

    origin: str = "cabiria"
    raws: list[bytes] = field(default_factory=list)
    pieces: list[dict[Slot, Piece]] = field(default_factory=list)

    def opening(self, payload: Payload) -> Opening:
        return Opening(
            stream(f"{self.origin} salt {len(self.raws)} {payload.type}"), encode_payload(payload)
        )

    def add(self, entry: Announce | Revise, pieces: dict[Slot, Piece]) -> int:
        self.raws.append(encode_entry(entry))
        self.pieces.append(pieces)
        return len(self.raws) - 1

    def entry_id(self) -> bytes:
        return stream(f"{self.origin} id {len(self.raws)}", 16)

    def announce(self, number: str = "a", until: str = "2031-11") -> int:
        payload = AnnouncePayload(
            origin=self.origin,
            generation=1,
            tag=stream(f"{self.origin} tag {number}"),
            notice=stream(f"{self.origin} notice {number}", 512),
            until=until,
        )
        opening, entry_id = self.opening(payload), self.entry_id()
        entry = Announce(id=entry_id, c=commit(self.origin, entry_id, opening))
        return self.add(entry, {Slot.MAIN: opening})

    def revise(self, ref: int, code: Code, until: str = "2031-11") -> int:
        body: Payload = (
            AmendPayload(
                origin=self.origin,
                notice=stream(f"{self.origin} amended {len(self.raws)}", 512),
                until=until,
            )
            if code is Code.AMEND
            else EmptyPayload()
        )
        return self.revise_with(ref, CodePayload(code=code), body)

    def revise_with(self, ref: int, code: Payload, body: Payload) -> int:
        main, side, entry_id = self.opening(code), self.opening(body), self.entry_id()
        entry = Revise(
            id=entry_id,
            ref=ref,
            c=commit(self.origin, entry_id, main),
            body=commit(self.origin, entry_id, side),
        )
        return self.add(entry, {Slot.MAIN: main, Slot.BODY: side})

    def item(self, index: int) -> Item:
        return Item(self.origin, index, parse_entry(self.raws[index]), self.pieces[index])
