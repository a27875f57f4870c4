import dataclasses
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.entries import Announce, Revise, Unknown
from protocol.errors import CanonicalError, PayloadError, PeerError
from protocol.payload import (
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Expired,
    Gone,
    Held,
    Opening,
    Payload,
    Piece,
    Slot,
    commit,
    encode_payload,
    encode_pieces,
    open_payload,
    parse_pieces,
    slots_of,
)

ID = bytes(range(16))
SALT = bytes(range(32))
ANNOUNCEMENT = AnnouncePayload(
    origin="cabiria", generation=1, tag=bytes(32), notice=bytes(512), until="2031-11"
)
AMENDMENT = AmendPayload(origin="cabiria", notice=bytes(512), until="2031-11")


def _opening(payload: Payload) -> Opening:
    return Opening(SALT, encode_payload(payload))


@pytest.mark.parametrize(
    ("slot", "payload"),
    [
        (Slot.MAIN, ANNOUNCEMENT),
        (Slot.MAIN, CodePayload(code=Code.WITHDRAW)),
        (Slot.BODY, AMENDMENT),
        (Slot.BODY, EmptyPayload()),
    ],
)
def test_a_payload_opens_its_commitment(slot: Slot, payload: Payload) -> None:
    opening = _opening(payload)
    assert open_payload("cabiria", ID, slot, commit("cabiria", ID, opening), opening) == payload


@pytest.mark.parametrize(("slot", "payload"), [(Slot.MAIN, ANNOUNCEMENT), (Slot.BODY, AMENDMENT)])
def test_another_associations_bytes_are_refused_even_if_committed_to(
    slot: Slot, payload: Payload
) -> None:
    opening = _opening(payload)
    with pytest.raises(PayloadError, match="copied"):
        open_payload("strass", ID, slot, commit("strass", ID, opening), opening)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "strass"},
        {"entry_id": bytes(16)},
        {"salt": bytes(32)},
        {"salt": SALT[:31]},
        {"payload": encode_payload(EmptyPayload())},
    ],
)
def test_nothing_else_opens_it(change: dict[str, object]) -> None:
    opening = _opening(ANNOUNCEMENT)
    commitment = commit("cabiria", ID, opening)
    salt_and_payload = {k: v for k, v in change.items() if k in ("salt", "payload")}
    shown = dataclasses.replace(opening, **salt_and_payload)  # type: ignore[arg-type]
    with pytest.raises(PayloadError):
        open_payload(
            str(change.get("origin", "cabiria")),
            bytes(change.get("entry_id", ID)),  # type: ignore[call-overload]
            Slot.MAIN,
            commitment,
            shown,
        )


def test_a_short_salt_is_refused_even_when_it_opens() -> None:
    opening = Opening(SALT[:16], encode_payload(ANNOUNCEMENT))
    with pytest.raises(PayloadError):
        open_payload("cabiria", ID, Slot.MAIN, commit("cabiria", ID, opening), opening)


@pytest.mark.parametrize(
    ("slot", "payload"),
    [
        (Slot.BODY, b'{"code":"withdraw","type":"code"}'),
        (Slot.MAIN, b'{"type":"empty"}'),
        (Slot.MAIN, b'{"code":"praise","type":"code"}'),
        (Slot.MAIN, b'{"code":"withdraw","note":"","type":"code"}'),
        (Slot.MAIN, b'{"type":7}'),
        (Slot.MAIN, b"[]"),
        (Slot.MAIN, encode_payload(ANNOUNCEMENT).replace(b"2031-11", b"2031-13")),
        (Slot.MAIN, encode_payload(ANNOUNCEMENT).replace(b'"generation":1', b'"generation":0')),
        (Slot.MAIN, encode_payload(ANNOUNCEMENT).replace(b"AAAA", b"", 1)),
    ],
)
def test_a_committed_payload_must_have_its_shape(slot: Slot, payload: bytes) -> None:
    opening = Opening(SALT, payload)
    with pytest.raises(PayloadError, match=r"^A payload .*\.$") as caught:
        open_payload("cabiria", ID, slot, commit("cabiria", ID, opening), opening)
    assert caught.value.evidence == payload


def test_a_committed_payload_must_be_canonical() -> None:
    opening = Opening(SALT, b'{"type": "empty"}')
    with pytest.raises(CanonicalError):
        open_payload("cabiria", ID, Slot.BODY, commit("cabiria", ID, opening), opening)


def test_slots_follow_the_entry() -> None:
    c, body = bytes(32), bytes(range(32))
    assert slots_of(Announce(id=ID, c=c)) == ((Slot.MAIN, ID, c),)
    assert slots_of(Revise(id=ID, ref=0, c=c, body=body)) == (
        (Slot.MAIN, ID, c),
        (Slot.BODY, ID, body),
    )
    assert slots_of(Unknown("deal")) == ()


PIECES = st.one_of(
    st.builds(Opening, st.binary(min_size=32, max_size=32), st.binary(max_size=100)),
    st.builds(Gone, st.integers(0, 2**53 - 1)),
    st.just(Expired()),
    st.just(Held()),
)


@given(st.lists(st.lists(PIECES, max_size=2).map(tuple), max_size=5))
def test_pieces_come_back_as_they_were(rows: list[tuple[Piece, ...]]) -> None:
    assert list(parse_pieces(encode_pieces(rows), 10_000)) == rows


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"items":{}}',
        b'{"items":[{}]}',
        b'{"items":[[{}]]}',
        b'{"items":[[{"gone":-1}]]}',
        b'{"items":[[{"expired":false}]]}',
        b'{"items":[[{"expired":true,"gone":1}]]}',
        b'{"items":[[{"expired":true,"held":true}]]}',
        b'{"items":[[{"held":false}]]}',
        b'{"items":[[{"p":""}]]}',
        b'{"items":[[{"p":"","s":"AA=="}]]}',
        b'{"items":[[{"gone":1,"p":"AB=="}]]}',
    ],
)
def test_a_malformed_answer_is_refused(data: bytes) -> None:
    with pytest.raises(PayloadError, match=r"^A p.*[a-z]\.$") as caught:
        parse_pieces(data, 1000)
    assert caught.value.evidence == data


def test_an_answer_is_bounded() -> None:
    data = encode_pieces([[Opening(SALT, bytes(500))]])
    parse_pieces(data, len(data))
    with pytest.raises(CanonicalError):
        parse_pieces(data, len(data) - 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_pieces_or_a_peer_error(data: bytes) -> None:
    with suppress(PeerError):
        parse_pieces(data, 1000)
    opening = Opening(SALT, data)
    with suppress(PeerError):
        open_payload("cabiria", ID, Slot.MAIN, commit("cabiria", ID, opening), opening)
