from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crypto import sharing
from crypto.dealing import deal
from crypto.errors import EncodingError, SharingError
from crypto.group import multiply_base, scalar_from_int, scalar_from_wide
from crypto.threshold import combine, lagrange_at_zero
from crypto.values import ORDER, SecretScalar
from tests.crypto.material import element, number, random_secret, secret, secrets

SECRET = random_secret("secret")
COEFFICIENTS = [random_secret("a"), random_secret("b")]
COMMITMENTS = sharing.commitments(SECRET, COEFFICIENTS)
INDICES = [1, 2, 5, 300]
SHARES = sharing.split(SECRET, 3, INDICES, COEFFICIENTS)
RANDOMNESS = bytes(range(32))


def _horner(polynomial: list[SecretScalar], index: int) -> list[int]:
    """The polynomial's value at `index`, and every value on the way to it."""
    values = [0]
    for term in reversed(polynomial):
        values.append((values[-1] * index + number(term)) % ORDER)
    return values[1:]


@given(st.lists(secrets, min_size=1, max_size=4), st.integers(1, 0xFFFF))
@settings(max_examples=40)
def test_a_share_is_the_polynomials_value(polynomial: list[SecretScalar], index: int) -> None:
    indices = [index, *(other for other in range(1, 5) if other != index)]
    # Zero is no scalar: chance meets it once in 2**252, a generator that likes edges sooner.
    assume(all(step for at in indices for step in _horner(polynomial, at)))
    shares = sharing.split(polynomial[0], len(polynomial), indices, polynomial[1:])
    assert list(shares) == indices
    assert number(shares[index]) == _horner(polynomial, index)[-1]
    committed = sharing.commitments(polynomial[0], polynomial[1:])
    assert sharing.public_share_at(committed, index) == sharing.public_share(shares[index])
    sharing.verify_share(committed, index, shares[index])


@pytest.mark.parametrize("chosen", list(combinations(INDICES, 3)))
def test_t_shares_give_the_secret(chosen: tuple[int, ...]) -> None:
    weights = lagrange_at_zero(chosen)
    total = sum(number(SHARES[index]) * number(weights[index]) for index in chosen)
    assert total % ORDER == number(SECRET)


@pytest.mark.parametrize("chosen", list(combinations(INDICES, 2)))
def test_fewer_than_t_shares_fit_every_secret(chosen: tuple[int, ...]) -> None:
    """Whatever the secret is said to be, a polynomial through it and the two shares exists."""
    for guess in (1, 12345):
        points = {0: guess} | {index: number(SHARES[index]) for index in chosen}
        third = next(index for index in INDICES if index not in chosen)
        value = 0
        for own, share in points.items():
            weight = 1
            for other in points:
                if other != own:
                    weight = weight * (third - other) * pow(own - other, -1, ORDER) % ORDER
            value += share * weight
        shares = {index: points[index] for index in chosen} | {third: value % ORDER}
        weights = lagrange_at_zero(list(shares))
        total = sum(shares[index] * number(weights[index]) for index in shares)
        assert total % ORDER == guess


def test_the_first_commitment_is_the_public_key() -> None:
    assert tuple(multiply_base(each) for each in (SECRET, *COEFFICIENTS)) == COMMITMENTS


@pytest.mark.parametrize(
    ("threshold", "coefficients", "sentence"),
    [
        (0, [], "threshold must be"),
        (-1, [], "threshold must be"),
        (5, COEFFICIENTS, "threshold must be"),
        (3, COEFFICIENTS[:1], "one coefficient fewer"),
        (2, COEFFICIENTS, "one coefficient fewer"),
        (1, COEFFICIENTS[:1], "one coefficient fewer"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    threshold: int, coefficients: list[SecretScalar], sentence: str
) -> None:
    with pytest.raises(SharingError, match=sentence):
        sharing.split(SECRET, threshold, INDICES, coefficients)


def test_all_may_be_needed() -> None:
    assert len(sharing.split(SECRET, 3, [1, 2, 3], COEFFICIENTS)) == 3


def test_a_share_that_is_zero_is_not_given_out() -> None:
    with pytest.raises(EncodingError):
        sharing.split(secret(5), 2, [1, 5], [secret(ORDER - 1)])


@pytest.mark.parametrize("index", INDICES)
def test_a_wrong_share_is_refused(index: int) -> None:
    with pytest.raises(SharingError, match="not the one that the dealer committed to"):
        sharing.verify_share(COMMITMENTS, index, random_secret("wrong"))
    with pytest.raises(SharingError):
        sharing.verify_share(COMMITMENTS, index + 1, SHARES[index])


def test_a_polynomial_of_another_degree_is_refused() -> None:
    for altered in (COMMITMENTS[:2], (*COMMITMENTS, element("x")), COMMITMENTS[::-1]):
        with pytest.raises(SharingError):
            sharing.verify_share(altered, 2, SHARES[2])


def test_no_commitments_are_refused() -> None:
    with pytest.raises(SharingError, match="at least one commitment"):
        sharing.public_share_at((), 1)


@pytest.mark.parametrize("index", [0, -1, 65536])
def test_a_bad_index_is_refused(index: int) -> None:
    with pytest.raises(SharingError, match="from 1 to 65535"):
        sharing.public_share_at(COMMITMENTS, index)


def test_commitments_crafted_to_meet_the_identity_are_refused() -> None:
    crafted = [multiply_base(scalar_from_int(-2)), multiply_base(scalar_from_int(1))]
    with pytest.raises(SharingError, match="no usable public share"):
        sharing.public_share_at(crafted, 2)
    sharing.public_share_at(crafted, 3)


# --- the founder's dealing (temporary) --------------------------------------------------------


@pytest.mark.parametrize(("threshold", "size"), [(1, 1), (1, 3), (2, 2), (3, 4), (7, 13)])
def test_a_dealing_holds_together(threshold: int, size: int) -> None:
    indices = list(range(1, size + 1))
    dealing = deal(threshold, indices, RANDOMNESS)
    assert len(dealing.commitments) == threshold
    assert dealing.public_key == dealing.commitments[0]
    assert list(dealing.shares) == indices
    for index, share in dealing.shares.items():
        sharing.verify_share(dealing.commitments, index, share)
    holders = indices[-threshold:]
    parts = {index: (sharing.public_share(dealing.shares[index]),) for index in holders}
    assert combine(parts) == (dealing.public_key,)


def test_every_byte_of_randomness_counts_and_nothing_repeats() -> None:
    keys = {deal(2, [1, 2], RANDOMNESS).public_key}
    for place in range(40):
        altered = bytearray(RANDOMNESS + bytes(8))
        altered[place] ^= 1
        dealing = deal(2, [1, 2], bytes(altered))
        keys.add(dealing.public_key)
        assert len({*dealing.commitments}) == 2
    assert len(keys) == 41
    assert deal(2, [1, 2], RANDOMNESS) == deal(2, [1, 2], RANDOMNESS)


@pytest.mark.parametrize(
    ("threshold", "indices", "randomness", "sentence"),
    [
        (0, [1, 2], RANDOMNESS, "threshold must be"),
        (3, [1, 2], RANDOMNESS, "threshold must be"),
        (1, [], RANDOMNESS, "At least one share"),
        (1, [0, 1], RANDOMNESS, "from 1 to 65535"),
        (1, [1, 1], RANDOMNESS, "No two shares"),
        (1, [1, 2], RANDOMNESS[:31], "at least 32 random bytes"),
        (1, [1, 2], b"", "at least 32 random bytes"),
    ],
)
def test_a_dealing_that_makes_no_sense_is_refused(
    threshold: int, indices: list[int], randomness: bytes, sentence: str
) -> None:
    with pytest.raises(SharingError, match=sentence):
        deal(threshold, indices, randomness)


def test_a_dealing_prints_no_share() -> None:
    dealing = deal(2, [1, 2], RANDOMNESS)
    for share in dealing.shares.values():
        assert share.reveal() not in repr(dealing).encode()
        assert share.reveal().hex() not in repr(dealing)
        assert repr(share.reveal())[2:-1] not in repr(dealing)
    assert scalar_from_wide(bytes(63) + b"\x01") not in dealing.shares.values()
