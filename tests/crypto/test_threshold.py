from fractions import Fraction
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import threshold
from crypto.errors import SharingError
from crypto.group import multiply, multiply_base
from crypto.sharing import split
from crypto.values import ORDER, Element
from tests.crypto.material import element, number, random_secret

SECRET = random_secret("network key")
SHARES = split(SECRET, 3, [1, 2, 4, 7], [random_secret("a"), random_secret("b")])
QUESTION = [element(index) for index in range(2)]
PARTS = {
    index: tuple(multiply(share, blinded) for blinded in QUESTION)
    for index, share in SHARES.items()
}
WHOLE = tuple(multiply(SECRET, blinded) for blinded in QUESTION)


@pytest.mark.parametrize("chosen", list(combinations(SHARES, 3)))
def test_any_t_answers_give_the_whole_keys_answer(chosen: tuple[int, ...]) -> None:
    for order in permutations(chosen):
        assert threshold.combine({index: PARTS[index] for index in order}) == WHOLE


def test_more_than_t_answers_of_one_epoch_agree() -> None:
    assert threshold.combine(PARTS) == WHOLE


@pytest.mark.parametrize("chosen", list(combinations(SHARES, 2)))
def test_fewer_than_t_answers_give_something_else(chosen: tuple[int, ...]) -> None:
    combined = threshold.combine({index: PARTS[index] for index in chosen})
    assert not set(combined) & set(WHOLE)


def test_answers_of_two_epochs_do_not_combine() -> None:
    later = split(SECRET, 3, [1, 2, 4, 7], [random_secret("c"), random_secret("d")])
    mixed = {**PARTS, 4: tuple(multiply(later[4], blinded) for blinded in QUESTION)}
    del mixed[7]
    assert not set(threshold.combine(mixed)) & set(WHOLE)


def test_public_shares_combine_to_the_public_key() -> None:
    parts = {index: (multiply_base(SHARES[index]),) for index in (1, 2, 7)}
    assert threshold.combine(parts) == (multiply_base(SECRET),)


def test_one_holder_of_the_whole_key() -> None:
    assert threshold.combine({5: WHOLE}) == WHOLE


def test_an_empty_answer_to_an_empty_question() -> None:
    assert threshold.combine({1: (), 2: ()}) == ()


@pytest.mark.parametrize(
    "parts",
    [
        {1: PARTS[1], 2: PARTS[2], 4: PARTS[4][:1]},
        {1: PARTS[1][:1], 2: PARTS[2], 4: PARTS[4]},
        {1: PARTS[1], 2: ()},
    ],
)
def test_answers_of_different_lengths_are_refused(
    parts: dict[int, tuple[Element, ...]],
) -> None:
    with pytest.raises(SharingError, match="same number of elements"):
        threshold.combine(parts)


@given(st.lists(st.integers(1, 0xFFFF), min_size=1, max_size=8, unique=True))
def test_weights_are_the_textbook_fractions(indices: list[int]) -> None:
    weights = threshold.lagrange_at_zero(indices)
    assert list(weights) == indices
    for own in indices:
        expected = Fraction(1)
        for other in indices:
            if other != own:
                expected *= Fraction(other, other - own)
        residue = expected.numerator * pow(expected.denominator, -1, ORDER) % ORDER
        assert number(weights[own]) == residue


@pytest.mark.parametrize(
    ("indices", "sentence"),
    [
        ([], "At least one share"),
        ([0], "from 1 to 65535"),
        ([1, 0, 2], "from 1 to 65535"),
        ([-1, 2], "from 1 to 65535"),
        ([1, 65536], "from 1 to 65535"),
        ([1, 1], "No two shares"),
        ([3, 1, 2, 3], "No two shares"),
        # The same point of the field by another name: out of range before it is a duplicate.
        ([1, ORDER + 1], "from 1 to 65535"),
    ],
)
def test_bad_indices_are_refused(indices: list[int], sentence: str) -> None:
    with pytest.raises(SharingError, match=sentence):
        threshold.lagrange_at_zero(indices)
    with pytest.raises(SharingError, match=sentence):
        split(SECRET, 1, indices, [])


def test_the_greatest_index_is_taken() -> None:
    assert number(threshold.lagrange_at_zero([65535])[65535]) == 1


def test_combining_nothing_is_refused() -> None:
    with pytest.raises(SharingError, match="At least one share"):
        threshold.combine({})
    with pytest.raises(SharingError, match="from 1 to 65535"):
        threshold.combine({0: WHOLE, 1: WHOLE})
