from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import group
from crypto.errors import EncodingError
from crypto.values import ORDER, Element, Scalar, SecretScalar
from tests.crypto.material import element, elements, number, secret, secrets, vector

MULTIPLES = [bytes.fromhex(text) for text in vector("rfc9496/multiples.json")["multiples"]]
GENERATOR = Element(MULTIPLES[0])
ELEMENT_CASES = [
    *vector("rfc9496/bad-encodings.json")["cases"],
    *vector("encodings/elements.json")["cases"],
]
SCALAR_CASES = vector("encodings/scalars.json")["cases"]


def outcome(decode: Callable[[bytes], bytes], data: str) -> str:
    try:
        assert decode(bytes.fromhex(data)) == bytes.fromhex(data)
    except EncodingError as error:
        return error.code
    return "ok"


@pytest.mark.usefixtures("each_libsodium")
@pytest.mark.parametrize("case", ELEMENT_CASES, ids=lambda case: case["data"][:12])
def test_encodings_of_elements(case: dict[str, str]) -> None:
    assert outcome(group.decode_element, case["data"]) == case["expect"], case["why"]


@pytest.mark.parametrize("case", SCALAR_CASES, ids=lambda case: case["why"][:12])
def test_encodings_of_scalars(case: dict[str, str]) -> None:
    assert outcome(group.decode_scalar, case["data"]) == case["expect"], case["why"]


@pytest.mark.usefixtures("each_libsodium")
def test_multiples_of_the_generator() -> None:
    for index, expected in enumerate(MULTIPLES, start=1):
        assert group.multiply_base(group.scalar_from_int(index)) == expected
        assert group.multiply_base(secret(index)) == expected
        assert group.multiply(group.scalar_from_int(index), GENERATOR) == expected
        assert group.multiply(secret(index), GENERATOR) == expected
        if index > 1:
            assert group.add(Element(MULTIPLES[index - 2]), GENERATOR) == expected
            assert group.subtract(Element(expected), GENERATOR) == MULTIPLES[index - 2]


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_to_themselves_or_refused(data: bytes) -> None:
    for decode in (group.decode_element, group.decode_scalar):
        try:
            assert decode(data) == data
        except EncodingError:
            continue


@given(elements, st.integers(0, 255))
def test_a_flipped_bit_never_gives_another_encoding_of_the_same_point(
    point: Element, bit: int
) -> None:
    flipped = bytearray(point)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        other = group.decode_element(bytes(flipped))
    except EncodingError:
        return
    assert group.add(other, GENERATOR) != group.add(point, GENERATOR)


def test_mutable_bytes_become_immutable_at_the_door() -> None:
    assert type(group.decode_element(cast("bytes", bytearray(GENERATOR)))) is bytes
    assert type(group.decode_scalar(cast("bytes", bytearray(GENERATOR[:1] + bytes(31))))) is bytes


@given(st.integers(-(2**300), 2**300))
def test_a_number_becomes_its_residue(value: int) -> None:
    if value % ORDER == 0:
        return
    assert number(group.scalar_from_int(value)) == value % ORDER


@pytest.mark.parametrize("value", [0, ORDER, -ORDER, 2 * ORDER])
def test_a_multiple_of_the_order_is_no_scalar(value: int) -> None:
    with pytest.raises(EncodingError):
        group.scalar_from_int(value)


@given(secrets, secrets)
def test_scalar_arithmetic_is_that_of_numbers(left: SecretScalar, right: SecretScalar) -> None:
    a, b = number(left), number(right)
    assert number(group.scalar_multiply(left, right)) == a * b % ORDER
    assert number(group.scalar_multiply(left, Scalar(right.reveal()))) == a * b % ORDER
    assert number(group.scalar_invert(left)) == pow(a, -1, ORDER)
    if (a + b) % ORDER:
        assert number(group.scalar_add(left, right)) == (a + b) % ORDER
    if a != b:
        assert number(group.scalar_subtract(left, right)) == (a - b) % ORDER


def test_scalar_arithmetic_refuses_zero() -> None:
    with pytest.raises(EncodingError):
        group.scalar_add(secret(5), secret(ORDER - 5))
    with pytest.raises(EncodingError):
        group.scalar_subtract(secret(5), secret(5))


@given(st.binary(min_size=64, max_size=64))
def test_wide_bytes_are_reduced(wide: bytes) -> None:
    expected = int.from_bytes(wide, "little") % ORDER
    if expected:
        assert number(group.scalar_from_wide(wide)) == expected


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_wide_bytes_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(EncodingError, match="exactly 64 random bytes"):
        group.scalar_from_wide(b"\x01" * size)


@pytest.mark.parametrize("value", [0, ORDER, 7 * ORDER])
def test_wide_bytes_that_reduce_to_zero_are_refused(value: int) -> None:
    with pytest.raises(EncodingError):
        group.scalar_from_wide(value.to_bytes(64, "little"))


@pytest.mark.usefixtures("each_libsodium")
def test_an_operation_that_gives_the_identity_raises() -> None:
    zero, one = Scalar(bytes(32)), group.scalar_from_int(1)
    minus = group.multiply(group.scalar_from_int(-1), GENERATOR)
    attempts: list[Callable[[], object]] = [
        lambda: group.multiply(zero, GENERATOR),
        lambda: group.multiply(Scalar(ORDER.to_bytes(32, "little")), GENERATOR),
        lambda: group.multiply_base(zero),
        lambda: group.add(GENERATOR, minus),
        lambda: group.subtract(GENERATOR, GENERATOR),
        lambda: group.linear_combination([zero], [GENERATOR]),
        lambda: group.linear_combination([zero, one], [GENERATOR, GENERATOR]),
        lambda: group.linear_combination([one, zero], [GENERATOR, GENERATOR]),
        lambda: group.linear_combination([one, one], [GENERATOR, minus]),
    ]
    for crafted in attempts:
        with pytest.raises(EncodingError, match="identity"):
            crafted()


@given(st.lists(st.tuples(st.integers(1, ORDER - 1), elements), min_size=1, max_size=5))
def test_a_linear_combination_is_the_sum_of_products(terms: list[tuple[int, Element]]) -> None:
    scalars = [group.scalar_from_int(value) for value, _ in terms]
    points = [point for _, point in terms]
    expected = group.multiply(scalars[0], points[0])
    for scalar, point in zip(scalars[1:], points[1:], strict=True):
        expected = group.add(expected, group.multiply(scalar, point))
    assert group.linear_combination(scalars, points) == expected


def test_a_linear_combination_may_pass_through_the_identity() -> None:
    scalars = [group.scalar_from_int(value) for value in (3, -3, 7)]
    assert group.linear_combination(scalars, [GENERATOR] * 3) == MULTIPLES[6]


def test_a_linear_combination_needs_terms() -> None:
    one = group.scalar_from_int(1)
    with pytest.raises(EncodingError, match="at least one term"):
        group.linear_combination([], [])
    for scalars, points in (([one], []), ([one], [GENERATOR] * 2)):
        with pytest.raises(EncodingError, match="one scalar for each"):
            group.linear_combination(scalars, points)


def test_hashes_depend_on_message_and_tag() -> None:
    results = {
        group.hash_to_element(message, dst) for message in (b"", b"a") for dst in (b"x", b"y")
    }
    assert len(results) == 4
    results = {
        Element(group.hash_to_scalar(message, dst))
        for message in (b"", b"a")
        for dst in (b"x", b"y")
    }
    assert len(results) == 4


def test_a_hash_is_a_valid_element() -> None:
    for seed in range(20):
        assert group.decode_element(element(seed)) == element(seed)


@pytest.mark.parametrize("size", [1, 255])
def test_a_tag_of_a_usual_length_is_taken(size: int) -> None:
    assert len(group.expand_message(b"m", b"d" * size)) == 64


@pytest.mark.parametrize("size", [0, 256])
def test_a_tag_of_another_length_is_refused(size: int) -> None:
    for function in (group.expand_message, group.hash_to_element, group.hash_to_scalar):
        with pytest.raises(EncodingError, match="1 to 255 bytes"):
            function(b"m", b"d" * size)
