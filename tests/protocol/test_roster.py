import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.errors import RosterError
from protocol.roster import FIELD, MAX_ROSTER_SIZE, Facts, build_genesis, quorum, verify_genesis
from tests.protocol.builders import NAMES, facts, genesis, network, officer_key, stream


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
    assert verify_genesis(genesis(content, NAMES[:3])).facts == content
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
    same_share = second.model_copy(update={"custodian": first.custodian})
    for broken in (twin, same_key, same_share):
        with pytest.raises(ValidationError):
            _facts_with(members=tuple(m.model_dump() for m in (first, broken, *rest)))


def test_shares_and_custodians_correspond() -> None:
    content, _ = facts()
    shares = dict(content.epoch.public_shares)
    del shares["4"]
    with pytest.raises(ValidationError):
        _facts_with(epoch=content.epoch.model_copy(update={"public_shares": shares}).model_dump())


def test_every_member_needs_its_officer() -> None:
    content, _ = facts()
    keys = {name: officer_key(name) for name in NAMES[:3]}
    with pytest.raises(RosterError):
        build_genesis(content, keys, None)  # type: ignore[arg-type]


def test_the_network_id_is_a_hash_of_the_content() -> None:
    assert network().roster.network_id != network(NAMES[:3]).roster.network_id
    assert network().roster.network_id != stream("anything")
