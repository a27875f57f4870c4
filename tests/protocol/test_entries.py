import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.entries import (
    MAX_ENTRY_SIZE,
    Announce,
    Revise,
    Unknown,
    encode_entry,
    parse_entry,
)
from protocol.errors import CanonicalError, CriticalEntryError, EntryError, PeerError

ANNOUNCE = Announce(id=bytes(range(16)), c=bytes(range(32)))
REVISE = Revise(id=bytes(range(16)), ref=7, c=bytes(32), body=bytes(range(32)))


@pytest.mark.parametrize("entry", [ANNOUNCE, REVISE])
def test_an_entry_comes_back_as_it_was(entry: Announce | Revise) -> None:
    assert parse_entry(encode_entry(entry)) == entry


def test_the_bytes_of_an_entry_are_fixed() -> None:
    assert encode_entry(ANNOUNCE) == (
        b'{"c":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",'
        b'"id":"000102030405060708090a0b0c0d0e0f","kind":"announce","v":1}'
    )


def _changed(**changes: object) -> bytes:
    value = json.loads(encode_entry(REVISE)) | changes
    return json.dumps(
        {k: v for k, v in value.items() if v is not ...}, sort_keys=True, separators=(",", ":")
    ).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"v": 2},
        {"v": "1"},
        {"ref": -1},
        {"ref": "7"},
        {"ref": 2**53},
        {"id": "00"},
        {"id": "0" * 34},
        {"id": 3},
        {"id": "G" * 32},
        {"id": "AB" * 16},
        {"c": ...},
        {"kind": ...},
        {"kind": 5},
    ],
)
def test_a_misshapen_entry_is_refused(changes: dict[str, object]) -> None:
    data = _changed(**changes)
    with pytest.raises(PeerError) as caught:
        parse_entry(data)
    assert isinstance(caught.value, EntryError | CanonicalError)
    assert caught.value.evidence == data


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'"announce"'])
def test_what_is_not_an_object_has_no_kind(data: bytes) -> None:
    with pytest.raises(EntryError):
        parse_entry(data)


def test_other_bytes_for_the_same_entry_are_refused() -> None:
    with pytest.raises(CanonicalError):
        parse_entry(encode_entry(ANNOUNCE).replace(b":1}", b": 1}"))


def test_unknown_kinds_are_kept_and_critical_ones_stop_the_log() -> None:
    assert parse_entry(b'{"kind":"deal","x":1}') == Unknown("deal")
    assert parse_entry(b'{"crit":false,"kind":"deal"}') == Unknown("deal")
    with pytest.raises(CriticalEntryError):
        parse_entry(b'{"crit":true,"kind":"deal"}')


def test_an_entry_fits_its_length_prefix() -> None:
    frame = b'{"kind":"x","text":"%s"}'
    room = MAX_ENTRY_SIZE - len(frame) + 2
    assert parse_entry(frame % (b"a" * room)) == Unknown("x")
    with pytest.raises(CanonicalError):
        parse_entry(frame % (b"a" * (room + 1)))


@given(st.binary(max_size=300) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_an_entry_or_a_peer_error(data: bytes) -> None:
    with suppress(PeerError):
        parse_entry(data)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "v", "id", "c", "ref", "body"]), st.text() | st.integers()
    )
)
def test_any_object_is_an_entry_or_a_peer_error(value: dict[str, object]) -> None:
    data = json.dumps({"kind": "revise", **value}, sort_keys=True, separators=(",", ":")).encode()
    with suppress(PeerError):
        parse_entry(data)
