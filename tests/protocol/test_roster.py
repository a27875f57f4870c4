import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Root

from crypto.signing import public_key
from protocol.errors import RosterError
from protocol.roster import (
    FIELD,
    MAX_ROSTER_SIZE,
    Facts,
    Member,
    build_genesis,
    officer_key,
    quorum,
    verify_genesis,
)
from tests.protocol.builders import (
    NAMES,
    facts,
    genesis,
    network,
    seed,
    sign_as,
    stream,
)


def test_a_signed_genesis_is_a_roster() -> None:
    content, _ = facts()
    roster = verify_genesis(genesis(content, NAMES))
    assert roster.facts == content
    assert len(roster.network_id) == 32
    assert roster.member("cabiria") == content.members[1]
    assert roster.member("inconnue") is None
    assert roster.custodian(3).id == "griselidis"
    assert roster.epoch.indices == (1, 2, 3, 4)
    assert roster.epoch.share_of(2) == content.epoch.public_shares["2"]
    assert roster.log_origin("cabiria") == "veilleuse/essai/cabiria"
    assert roster.witness_name("cabiria") == "veilleuse/essai/cabiria/witness"
    assert roster.parameters == content.parameters


def test_callers_are_members_and_auditors() -> None:
    roster = network().roster
    assert roster.caller_key("cabiria") == roster.members[1].transport_key
    assert roster.caller_key("auditrice") == roster.facts.auditors[0].transport_key
    assert roster.caller_key("inconnue") is None


def test_two_thirds_of_the_officers_must_sign() -> None:
    content, _ = facts()
    roster = verify_genesis(genesis(content, NAMES[:3]))
    assert roster.facts == content
    assert roster.signed_by == set(NAMES[:3])
    with pytest.raises(RosterError, match="Too few"):
        verify_genesis(genesis(content, NAMES[:2]))


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (7, 5), (13, 9)])
def test_quorum(members: int, needed: int) -> None:
    assert quorum(members) == needed


def test_more_signatures_do_not_change_the_network() -> None:
    content, _ = facts()
    first = verify_genesis(genesis(content, NAMES[:3]))
    assert verify_genesis(genesis(content, NAMES), first.network_id).network_id == first.network_id


def test_a_pinned_network_refuses_another() -> None:
    with pytest.raises(RosterError, match="another network"):
        verify_genesis(network().roster.raw, bytes(32))


def _tampered(path: str, new: object) -> bytes:
    document: Any = json.loads(network().roster.raw)
    *parents, last = path.split(".")
    place = document
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    place[last] = new
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (f"signed.{FIELD}.network", "ailleurs"),
        ("signed.version", 2),
        ("signed.version", "1"),
        ("signed._type", "snapshot"),
        ("signed.roles.root.threshold", 1),
        ("signed.roles.root.keyids", []),
        (f"signed.{FIELD}", {}),
        (f"signed.{FIELD}", None),
        (f"signed.{FIELD}", 1.5),
        (f"signed.{FIELD}.epoch.public_key", "00" * 32),
        (f"signed.{FIELD}.epoch.threshold", 5),
        (f"signed.{FIELD}.epoch.threshold", 0),
        (f"signed.{FIELD}.members.0.url", "ftp://127.0.0.1"),
        (f"signed.{FIELD}.members.0.url", "http://127.0.0.1/"),
        (f"signed.{FIELD}.members.0.id", "Cabiria"),
        (f"signed.{FIELD}.parameters.quota_daily", 0),
        ("signatures", []),
        ("signed", []),
    ],
)
def test_any_change_is_refused(path: str, new: object) -> None:
    with pytest.raises(RosterError):
        verify_genesis(_tampered(path, new))


def test_an_oversize_roster_is_refused() -> None:
    with pytest.raises(RosterError, match="larger"):
        verify_genesis(b" " * (MAX_ROSTER_SIZE + 1))


@given(st.binary(max_size=200) | st.just(b"[" * 100_000))
def test_any_bytes_are_a_roster_error(data: bytes) -> None:
    with suppress(RosterError):
        verify_genesis(data)
        pytest.fail("random bytes became a roster")


def _facts_with(**changes: object) -> Facts:
    content, _ = facts()
    return Facts.model_validate(content.model_dump() | changes)


def test_two_parties_share_nothing() -> None:
    content, _ = facts()
    first, second, *rest = content.members
    twin = second.model_copy(update={"id": first.id})
    same_key = second.model_copy(update={"log_key": first.log_key})
    same_officer = second.model_copy(update={"officer_key": first.officer_key})
    officer_is_log = second.model_copy(update={"officer_key": second.log_key})
    same_share = second.model_copy(update={"custodian": first.custodian})
    for broken in (twin, same_key, same_officer, officer_is_log, same_share):
        with pytest.raises(ValidationError):
            _facts_with(members=tuple(m.model_dump() for m in (first, broken, *rest)))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:0", "http://xn--a.org", "ftp://a.org", "http://a.org/"]
)
def test_a_member_has_an_address(url: str) -> None:
    member = facts()[0].members[0].model_dump()
    with pytest.raises(ValidationError):
        Member.model_validate(member | {"url": url})
    assert Member.model_validate(member | {"url": "http://a.org/b"}).url == "http://a.org/b"


def test_shares_and_custodians_correspond() -> None:
    content, _ = facts()
    shares = dict(content.epoch.public_shares)
    del shares["4"]
    with pytest.raises(ValidationError):
        _facts_with(epoch=content.epoch.model_copy(update={"public_shares": shares}).model_dump())


def _forged(change: Callable[[Root], object], *signers: str) -> bytes:
    """A genesis altered before it is signed."""
    content, _ = facts()
    metadata = build_genesis(content, datetime(2036, 1, 1, tzinfo=UTC))
    change(metadata.signed)
    for signer in signers:
        sign_as(metadata, seed(signer))
    return metadata.to_bytes()


def _own_keys(root: Root) -> None:
    """One person's three keys in the place of the officers'."""
    keys = [officer_key(public_key(seed(f"own {n}"))) for n in range(4)]
    root.keys = {key.keyid: key for key in keys}
    root.roles["root"].keyids = sorted(root.keys)


def _one_of_mine(root: Root) -> None:
    old, new = (
        officer_key(public_key(seed("cabiria officer"))),
        officer_key(public_key(seed("own 0"))),
    )
    del root.keys[old.keyid]
    root.keys[new.keyid] = new
    root.roles["root"].keyids = sorted(root.keys)


def _twice(root: Root) -> None:
    """One officer's key under four names."""
    public = public_key(seed("strass officer")).hex()
    names = [f"{n:064x}" for n in range(4)]
    root.keys = {n: SSlibKey(n, "ed25519", "ed25519", {"public": public}) for n in names}
    root.roles["root"].keyids = names


def _renamed(root: Root) -> None:
    keyid = root.roles["root"].keyids[0]
    key = root.keys.pop(keyid)
    root.keys["00"] = SSlibKey("00", "ed25519", "ed25519", dict(key.keyval))
    root.roles["root"].keyids[0] = "00"


def _left_out(root: Root) -> None:
    root.roles["root"].keyids.pop()


def _one_more(root: Root) -> None:
    key = officer_key(public_key(seed("own 0")))
    root.keys[key.keyid] = key


def _annotated(root: Root) -> None:
    root.keys[root.roles["root"].keyids[0]].unrecognized_fields["x"] = "y"


@pytest.mark.parametrize(
    "change", [_own_keys, _one_of_mine, _twice, _renamed, _left_out, _one_more, _annotated]
)
def test_only_the_members_officers_sign(change: Callable[[Root], object]) -> None:
    officers = [f"{name} officer" for name in NAMES]
    with pytest.raises(RosterError, match="not those of its members"):
        verify_genesis(_forged(change, *officers, "own 0", "own 1", "own 2", "own 3"))
    assert verify_genesis(_forged(lambda _: None, *officers)).signed_by == set(NAMES)


def test_a_signature_that_is_none_does_not_count() -> None:
    document: Any = json.loads(network().roster.raw)
    for signature in document["signatures"][:1]:
        signature["sig"] = "00" * 64
    roster = verify_genesis(json.dumps(document).encode())
    assert len(roster.signed_by) == 3
    for signature in document["signatures"][:2]:
        signature["sig"] = "00" * 64
    with pytest.raises(RosterError, match="Too few"):
        verify_genesis(json.dumps(document).encode())


def test_the_network_id_is_a_hash_of_the_content() -> None:
    assert network().roster.network_id != network(NAMES[:3]).roster.network_id
    assert network().roster.network_id != stream("anything")
