import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, EncodingError
from crypto.group import multiply_base, scalar_from_wide
from crypto.oprf import MAX_BATCH, evaluate
from crypto.sharing import public_share
from protocol.errors import CanonicalError, PeerError
from protocol.evaluation import (
    MAX_MESSAGE_SIZE,
    EvaluateRequest,
    EvaluationFormatError,
    as_elements,
    encode_answer,
    parse_answer,
    parse_request,
)
from tests.protocol.builders import stream

SHARE = scalar_from_wide(stream("share", 64))


def _element(label: str) -> bytes:
    return bytes(multiply_base(scalar_from_wide(stream(label, 64))))


def _request(*elements: bytes) -> EvaluateRequest:
    return EvaluateRequest(
        generation=1, epoch=stream("epoch"), request=stream("request", 16), elements=elements
    )


TWO = _request(_element("a"), _element("b"))


def _changed(data: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(data) | changes, sort_keys=True, separators=(",", ":")).encode()


def test_a_request_comes_back_as_it_was() -> None:
    assert parse_request(TWO.encode()) == TWO
    assert as_elements(TWO) == TWO.elements


def test_the_length_depends_on_the_width_only() -> None:
    other = _request(_element("c"), _element("d")).model_copy(update={"request": bytes(16)})
    assert len(other.encode()) == len(TWO.encode())


def test_an_answer_comes_back_as_it_was() -> None:
    evaluation = evaluate(SHARE, public_share(SHARE), as_elements(TWO), stream("r"))
    assert parse_answer(encode_answer(evaluation)) == evaluation


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"elements": []}, EvaluationFormatError),
        ({"elements": ["00" * 31]}, EvaluationFormatError),
        ({"elements": "00"}, EvaluationFormatError),
        ({"elements": ["00" * 32]}, EncodingError),
        ({"elements": ["ff" * 32]}, EncodingError),
        ({"elements": [_element("a").hex()] * 2}, EvaluationFormatError),
        ({"generation": 0}, EvaluationFormatError),
        ({"generation": True}, EvaluationFormatError),
        ({"epoch": "00"}, EvaluationFormatError),
        ({"request": None}, EvaluationFormatError),
        ({"number": "+33639980123"}, EvaluationFormatError),
    ],
)
def test_a_bad_request_is_refused(changes: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_request(_changed(TWO.encode(), **changes))


def test_the_largest_batch_fits_and_one_more_does_not() -> None:
    many = [_element(str(i)).hex() for i in range(MAX_BATCH + 1)]
    data = _changed(TWO.encode(), elements=many[:-1])
    assert len(data) < MAX_MESSAGE_SIZE
    assert len(parse_request(data).elements) == MAX_BATCH
    with pytest.raises(EvaluationFormatError):
        parse_request(_changed(TWO.encode(), elements=many))


@pytest.mark.parametrize(
    "changes",
    [
        {"elements": ["00" * 32]},
        {"elements": []},
        {"proof": "ff" * 64},
        {"proof": "00" * 63},
        {"proof": "AB" * 64},
        {"extra": 0},
    ],
)
def test_a_bad_answer_is_refused(changes: dict[str, object]) -> None:
    evaluation = evaluate(SHARE, public_share(SHARE), as_elements(TWO), stream("r"))
    with pytest.raises(EvaluationFormatError):
        parse_answer(_changed(encode_answer(evaluation), **changes))


def test_messages_are_canonical() -> None:
    with pytest.raises(CanonicalError):
        parse_request(TWO.encode() + b" ")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    with suppress(PeerError, CryptoError):
        parse_request(data)
    with suppress(PeerError):
        parse_answer(data)
