"""The roster: who is a member, with which keys, under which parameters.

Version 1 (the genesis) is TUF root metadata signed by q = ⌈2n/3⌉ of the associations' officers;
the network's facts lie in its `x-veilleuse` field, each member's officer key among them. This
version knows the genesis only: a static roster. Motions, votes and later versions come with issue
"Custody".
Specification: docs/spec/roster.md.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Key, Metadata, Role, Root
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import CanonicalJSONSerializer

from crypto.errors import EncodingError
from crypto.group import decode_element
from crypto.values import Element, PublicKey
from protocol.address import check_address
from protocol.canonical import dumps
from protocol.checkpoint import log_origin, witness_name
from protocol.errors import CanonicalError, RosterError
from protocol.message import AssociationId, Hex32, Message

FIELD = "x-veilleuse"
MAX_CUSTODIANS = 13
MAX_ROSTER_SIZE = 1_048_576
"""Bytes: room for about 500 members."""

_UNUSED_ROLES = ("timestamp", "snapshot", "targets")


class Stretching(Message):
    """Argon2id cost, fixed at genesis: a change would change every tag."""

    operations: Annotated[int, Field(ge=1, le=16)] = 2
    memory_kib: Annotated[int, Field(ge=8, le=1_048_576)] = 19_456


class Parameters(Message):
    """What all members apply alike."""

    argon2id: Stretching = Stretching()
    quota_daily: Annotated[int, Field(ge=1, le=10_000_000)] = 1000
    """Elements a day that each member may have evaluated, at each custodian."""
    retention_months: Annotated[int, Field(ge=1, le=60)] = 60
    """Outer ceiling of every payload, the same for every severity."""
    max_silence: Annotated[int, Field(ge=60, le=604_800)] = 86_400
    """Seconds after which a member's last cosigned head is too old for NO_MATCH."""
    vocabulary: Literal[1] = 1


class Member(Message):
    """One association: its node's keys, and its officer's. Identity is these, never a name."""

    id: AssociationId
    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(pattern=r"^https?://[a-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~/-]*[^/])?$")]
    transport_key: Hex32
    log_key: Hex32
    witness_key: Hex32
    sealing_key: Hex32
    officer_key: Hex32
    """Signs rosters for this association; kept apart from the node."""
    contact: Annotated[str, Field(max_length=120)] = ""
    """How staff of another association reach this one, as the association wants it shown."""
    region: Literal["FR", "BE"] = "FR"
    custodian: Annotated[int, Field(ge=1, le=65_535)] | None = None

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        check_address(url)
        return url


class Auditor(Message):
    """Someone who may read logs and statuses, and nothing that identifies a person."""

    id: AssociationId
    name: Annotated[str, Field(min_length=1, max_length=80)]
    transport_key: Hex32


class Epoch(Message):
    """One sharing of one generation's key: who holds a share, and its public image."""

    generation: Annotated[int, Field(ge=1, lt=2**31)]
    id: Hex32
    threshold: Annotated[int, Field(ge=1)]
    public_key: Hex32
    public_shares: Mapping[str, Hex32]
    """By custodian index, in decimal (JSON has text keys only)."""

    def share_of(self, index: int) -> Element:
        """Return custodian `index`'s public share, 32 bytes, a valid group element."""
        return Element(self.public_shares[str(index)])

    @property
    def indices(self) -> tuple[int, ...]:
        """Custodian indices, ascending."""
        return tuple(sorted(int(index) for index in self.public_shares))


class Facts(Message):
    """Everything about the network that is not an officer's signature."""

    network: AssociationId
    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    auditors: tuple[Auditor, ...] = ()
    parameters: Parameters = Parameters()
    epoch: Epoch

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [m.id for m in self.members] + [a.id for a in self.auditors]
        keys = [m.transport_key for m in self.members] + [a.transport_key for a in self.auditors]
        for member in self.members:
            keys += [member.log_key, member.witness_key, member.sealing_key, member.officer_key]
        holders = [m.custodian for m in self.members if m.custodian is not None]
        if len(set(ids)) != len(ids) or len(set(keys)) != len(keys):
            raise ValueError("two parties share an id or a key")
        if len(set(holders)) != len(holders) or tuple(sorted(holders)) != self.epoch.indices:
            raise ValueError("custodian indices and public shares differ")
        if not 1 <= self.epoch.threshold <= len(holders) <= MAX_CUSTODIANS:
            raise ValueError("the threshold does not fit the number of custodians")
        return self


@dataclass(frozen=True, slots=True)
class Roster:
    """A verified roster. Only `verify_genesis` makes one."""

    network_id: bytes
    """SHA-256 of the genesis' canonical signed part, 32 bytes; in every hashed input."""
    version: int
    facts: Facts
    raw: bytes
    signed_by: frozenset[str]
    """Ids of the members whose officers have signed: q of them, or more."""

    @property
    def parameters(self) -> Parameters:
        """The network's parameters."""
        return self.facts.parameters

    @property
    def epoch(self) -> Epoch:
        """The one epoch of this roster."""
        return self.facts.epoch

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, in the roster's order."""
        return self.facts.members

    def member(self, member_id: str) -> Member | None:
        """Return the member with this id, or None."""
        return next((m for m in self.members if m.id == member_id), None)

    def custodian(self, index: int) -> Member:
        """Return the member that holds share `index`."""
        return next(m for m in self.members if m.custodian == index)

    def log_origin(self, member_id: str) -> str:
        """Return the checkpoint origin line of a member's log."""
        return log_origin(self.facts.network, member_id)

    def witness_name(self, member_id: str) -> str:
        """Return the key name of a member's witness key in cosignature lines."""
        return witness_name(self.log_origin(member_id))

    def caller_key(self, caller_id: str) -> PublicKey | None:
        """Return the transport key of a member or auditor, or None for a stranger."""
        parties: tuple[Member | Auditor, ...] = (*self.facts.members, *self.facts.auditors)
        found = next((party for party in parties if party.id == caller_id), None)
        return None if found is None else PublicKey(found.transport_key)


def quorum(members: int) -> int:
    """Return q = ⌈2n/3⌉, how many officers must sign."""
    return -(-2 * members // 3)


def officer_key(public: bytes) -> SSlibKey:
    """Return an officer's Ed25519 public key (32 bytes) as TUF has it, named by its own hex."""
    return SSlibKey(public.hex(), "ed25519", "ed25519", {"public": public.hex()})


def build_genesis(facts: Facts, expires: datetime) -> Metadata[Root]:
    """Return unsigned genesis metadata: each officer signs it, q of them make it valid.

    Args:
        facts: the network's content, the officers' keys included.
        expires: ten years ahead by custom; freshness comes from the logs, not from here.
    """
    keys = _officer_keys(facts)
    root_role = Role(sorted(keys), quorum(len(keys)))
    roles = {"root": root_role, **{name: Role([], 1) for name in _UNUSED_ROLES}}
    content: dict[str, Any] = facts.model_dump(mode="json")
    return Metadata(
        Root(
            version=1,
            expires=expires,
            keys=dict(keys),
            roles=roles,
            consistent_snapshot=True,
            unrecognized_fields={FIELD: content},
        )
    )


def verify_genesis(data: bytes, network_id: bytes | None = None) -> Roster:
    """Return the roster in `data`, checked against its own officers' threshold.

    Args:
        data: TUF root metadata as JSON, at most `MAX_ROSTER_SIZE` bytes.
        network_id: the pinned genesis hash (32 bytes) where one is known.

    Raises:
        RosterError: malformed, too few signatures, wrong threshold, or another network.
    """
    if len(data) > MAX_ROSTER_SIZE:
        raise RosterError("The roster is larger than this version accepts.")
    try:
        metadata: Metadata[Root] = Metadata[Root].from_bytes(data)
    except (DeserializationError, RecursionError, ValueError) as error:
        raise RosterError("The roster is not TUF root metadata.", data) from error
    root = metadata.signed
    if not isinstance(root, Root) or root.version != 1:
        raise RosterError("The roster is not a genesis (version 1 of TUF root metadata).", data)
    facts = _read_facts(root.unrecognized_fields.get(FIELD), data)
    role, officers = root.roles["root"], _officer_keys(facts)
    # Keys that are nobody's officer's would let whoever made the file sign for everybody.
    if root.keys != officers or sorted(role.keyids) != sorted(officers):
        raise RosterError("The roster's signing keys are not those of its members' officers.", data)
    if role.threshold != quorum(len(officers)):
        raise RosterError("The roster's threshold does not follow the rule of two thirds.", data)
    signatures = root.get_verification_result("root", metadata.signed_bytes, metadata.signatures)
    if not signatures.verified:
        raise RosterError("Too few officers have signed this roster.", data)
    signed_by = frozenset(m.id for m in facts.members if m.officer_key.hex() in signatures.signed)
    found = genesis_hash(metadata)
    if network_id is not None and found != network_id:
        raise RosterError(
            "This roster belongs to another network than the one this node joined.", data
        )
    return Roster(network_id=found, version=1, facts=facts, raw=data, signed_by=signed_by)


def genesis_hash(metadata: Metadata[Root]) -> bytes:
    """Return the network id, 32 bytes: signatures may be added later without changing it."""
    return hashlib.sha256(CanonicalJSONSerializer().serialize(metadata.signed)).digest()


def _officer_keys(facts: Facts) -> dict[str, Key]:
    keys = [officer_key(member.officer_key) for member in facts.members]
    return {key.keyid: key for key in keys}


def _read_facts(value: object, data: bytes) -> Facts:
    try:
        facts = Facts.model_validate_json(dumps(value))
        for image in (facts.epoch.public_key, *facts.epoch.public_shares.values()):
            decode_element(image)
    except (ValidationError, EncodingError, CanonicalError) as error:
        raise RosterError(f"The roster's field {FIELD!r} is malformed.", data) from error
    return facts
