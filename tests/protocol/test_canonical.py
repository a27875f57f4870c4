import json
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.canonical import MAX_DEPTH, MAX_INTEGER, dumps, loads
from protocol.errors import CanonicalError

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "canonical").glob("*.json"))
LIMIT = 65_536

text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=20,
).filter(lambda value: depth(value) <= MAX_DEPTH)


def depth(value: object) -> int:
    match value:
        case list():
            return 1 + max(map(depth, value), default=0)
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case _:
            return 0


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 40


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text())
    data = bytes.fromhex(vector["hex"]) if "hex" in vector else vector["text"].encode()
    try:
        value = loads(data, vector["limit"])
    except CanonicalError as error:
        outcome = error.code
    else:
        outcome = "ok"
        assert dumps(value) == data
    assert outcome == vector["expect"], vector["why"]


@given(values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert loads(dumps(value), LIMIT) == value


@given(st.binary(max_size=200))
@example(b'"\\ud800"')
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
def test_any_bytes_are_read_exactly_or_refused(data: bytes) -> None:
    try:
        value = loads(data, 1_000_000)
    except CanonicalError as error:
        evidence = error.evidence
    else:
        evidence = dumps(value)
    assert evidence == data


@given(st.text(alphabet='{}[]",:\\ud8019eE.-+ntf ', max_size=60))
def test_text_close_to_json_is_read_exactly_or_refused(candidate: str) -> None:
    data = candidate.encode()
    try:
        value = loads(data, LIMIT)
    except CanonicalError:
        return
    assert dumps(value) == data


@given(values, st.data())
def test_any_other_spelling_is_refused(value: object, data: st.DataObject) -> None:
    canonical = dumps(value)
    other = json.dumps(value, indent=data.draw(st.sampled_from([None, 0, 1])), ensure_ascii=True)
    if other.encode() != canonical:
        with pytest.raises(CanonicalError):
            loads(other.encode(), LIMIT)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1.0,
        float("nan"),
        b"bytes",
        {1, 2},
        {1: "key"},
        {None: "key"},
        "\ud800",
        {"\udfff": 1},
        [MAX_INTEGER + 1],
        [-MAX_INTEGER - 1],
        object(),
    ],
)
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(CanonicalError):
        dumps(value)


def test_a_structure_that_contains_itself_is_not_written() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(CanonicalError):
        dumps(loop)


def test_enums_and_tuples_are_written_as_what_they_are() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Number(IntEnum):
        ONE = 1

    assert dumps((Colour.RED, Number.ONE, True)) == b'["red",1,true]'


def test_the_limit_is_checked_before_parsing() -> None:
    with pytest.raises(CanonicalError, match="11 bytes is over its limit of 10") as caught:
        loads(b'"' + b"1" * 10, 10)
    assert caught.value.evidence == b""  # a flood is no evidence


def test_a_refusal_never_repeats_the_document() -> None:
    with pytest.raises(CanonicalError) as caught:
        loads(b'{"narrative":"secret', LIMIT)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
