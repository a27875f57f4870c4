import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import RangeError
from federation.ranges import (
    as_auditor_sees,
    encode_entries,
    entries_path,
    parse_entries,
    payloads_path,
    verify_range,
)
from protocol.checkpoint import Checkpoint
from protocol.entries import parse_entry
from protocol.errors import CanonicalError, PeerError
from protocol.merkle import (
    CompactRange,
    ConsistencyError,
    Hash,
    consistency_proof,
    leaf_hash,
    subtrees_of,
)
from protocol.payload import Code, Expired, Gone, Held, Opening, Slot
from tests.protocol.builders import LogBuilder

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "mirroring").glob("entries-*.json"))
ORIGIN = "veilleuse/essai/cabiria"
hashes = st.binary(min_size=32, max_size=32).map(Hash)


def head_of(raws: list[bytes]) -> Checkpoint:
    grown = CompactRange().extend(map(leaf_hash, raws))
    return Checkpoint(ORIGIN, grown.size, grown.root())


def proof_of(raws: list[bytes], start: int) -> tuple[Hash, ...]:
    return consistency_proof(subtrees_of([leaf_hash(raw) for raw in raws]), start, len(raws))


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_entries_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    held = CompactRange().extend(leaf_hash(entry.encode()) for entry in vector["held"])
    head = Checkpoint(ORIGIN, vector["head"]["size"], Hash(bytes.fromhex(vector["head"]["root"])))
    try:
        raws, proof = parse_entries(vector["answer"].encode(), vector["asked"])
        verify_range(held, raws, proof, head)
        outcome = "ok"
    except PeerError as error:
        outcome = error.code
    assert outcome == vector["expect"], vector["why"]


def test_paths() -> None:
    assert entries_path("cabiria", 3, 9, 12) == "/federation/v1/entries/cabiria/3/9?head=12"
    assert payloads_path("cabiria", 3, 9) == "/federation/v1/payloads/cabiria/3/9"


@given(st.lists(st.binary(max_size=50), max_size=20), st.lists(hashes, max_size=10))
def test_an_answer_of_entries_is_read_back(raws: list[bytes], proof: list[Hash]) -> None:
    data = encode_entries(raws, proof)
    assert parse_entries(data, len(raws)) == (tuple(raws), tuple(proof))


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_other_bytes_are_the_peers_fault(data: bytes, most: int) -> None:
    try:
        raws, proof = parse_entries(data, most)
    except PeerError:
        return
    assert encode_entries(raws, proof) == data


@given(st.integers(0, 60), st.integers(0, 255), st.lists(st.binary(max_size=4), max_size=3))
def test_a_changed_byte_is_refused_or_read_as_written(
    place: int, value: int, raws: list[bytes]
) -> None:
    data = bytearray(encode_entries(raws, [leaf_hash(b"")]))
    data[place % len(data)] = value
    try:
        again = encode_entries(*parse_entries(bytes(data), 3))
    except PeerError:
        return
    assert again == data


@pytest.mark.parametrize("most", [1, 2])
def test_no_entry_where_some_were_asked_for_is_refused(most: int) -> None:
    with pytest.raises(RangeError):
        parse_entries(encode_entries([], []), most)


def test_more_entries_than_asked_for_are_refused() -> None:
    with pytest.raises(RangeError):
        parse_entries(encode_entries([b"a"], []), 0)
    with pytest.raises(RangeError):
        parse_entries(encode_entries([b"a", b"b"], []), 1)


def test_an_endless_answer_is_refused_unparsed() -> None:
    with pytest.raises(CanonicalError):
        parse_entries(b"[" * (4 * 2**20 + 1), 1)


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=40), st.data())
def test_every_range_verifies_by_itself_against_the_head(
    raws: list[bytes], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(raws)))
    end = data.draw(st.integers(start, len(raws)))
    held = CompactRange().extend(map(leaf_hash, raws[:start]))
    grown = verify_range(held, raws[start:end], proof_of(raws, end), head_of(raws))
    assert grown == CompactRange().extend(map(leaf_hash, raws[:end]))


@given(
    st.lists(st.binary(max_size=5), min_size=2, max_size=20, unique=True),
    st.data(),
)
def test_no_other_entries_verify(raws: list[bytes], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raws) - 1))
    end = data.draw(st.integers(start + 1, len(raws)))
    changed = data.draw(
        st.lists(st.binary(max_size=5), max_size=20).filter(lambda x: x != raws[start:end])
    )
    held = CompactRange().extend(map(leaf_hash, raws[:start]))
    # A shorter or longer honest range needs another proof, so it is refused under this one too.
    with pytest.raises(ConsistencyError):
        verify_range(held, changed, (*proof_of(raws, end), leaf_hash(b"no")), head_of(raws))
    if start + len(changed) == end:
        with pytest.raises(ConsistencyError):
            verify_range(held, changed, proof_of(raws, end), head_of(raws))


def test_an_auditor_sees_codes_and_otherwise_only_whether_something_is_held() -> None:
    log = LogBuilder()
    log.announce("a")
    log.revise(0, Code.AMEND)
    announced, revised = (parse_entry(raw) for raw in log.raws)
    notice = log.pieces[0][Slot.MAIN]
    code, body = log.pieces[1][Slot.MAIN], log.pieces[1][Slot.BODY]
    assert isinstance(code, Opening)
    assert as_auditor_sees(announced, (notice,)) == (Held(),)
    assert as_auditor_sees(revised, (code, body)) == (code, Held())
    assert as_auditor_sees(announced, (Gone(1),)) == (Gone(1),)
    assert as_auditor_sees(announced, (Expired(),)) == (Expired(),)
