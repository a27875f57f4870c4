"""From t custodians' partial answers to the answer of the key that none of them holds."""

from collections.abc import Mapping, Sequence

from crypto.errors import SharingError
from crypto.group import linear_combination, scalar_from_int
from crypto.values import ORDER, Element, Scalar

MAX_INDEX = 0xFFFF
"""Indices are custodians' places in the roster: small, and never used again."""


def check_indices(indices: Sequence[int]) -> None:
    """Return if `indices` can be the places of shares: at least one, all different, 1 to 65535.

    Index zero is where the secret itself lies; a duplicate would divide by zero, or silently
    weigh one custodian twice.

    Raises:
        SharingError: they cannot.
    """
    if not indices:
        raise SharingError("At least one share is needed.")
    if not all(1 <= index <= MAX_INDEX for index in indices):
        raise SharingError(f"A share's index must be from 1 to {MAX_INDEX}.")
    if len(set(indices)) != len(indices):
        raise SharingError("No two shares may have one index.")


def lagrange_at_zero(indices: Sequence[int]) -> dict[int, Scalar]:
    """Return the weight of each share in the secret, for exactly this set of shares.

    Args:
        indices: of the t shares to combine; public, so variable time is fine.

    Raises:
        SharingError: none, zero, out of range or twice the same.
    """
    check_indices(indices)
    weights = {}
    for own in indices:
        numerator = denominator = 1
        for other in indices:
            if other != own:
                numerator = numerator * other % ORDER
                denominator = denominator * (other - own) % ORDER
        weights[own] = scalar_from_int(numerator * pow(denominator, -1, ORDER))
    return weights


def combine(parts: Mapping[int, Sequence[Element]]) -> tuple[Element, ...]:
    """Return, element by element, what the shared key would have answered.

    The caller gives exactly t verified answers of one epoch to one batch: with fewer, or with
    answers of two epochs, the result is some other element and nothing here can tell.

    Args:
        parts: a custodian's index, and its evaluated elements in the order of the question.

    Raises:
        SharingError: bad indices, or answers of different lengths.
    """
    weights = lagrange_at_zero(list(parts))
    if len({len(elements) for elements in parts.values()}) > 1:
        raise SharingError("Answers to one batch must have the same number of elements.")
    scalars = [weights[index] for index in parts]
    return tuple(
        linear_combination(scalars, column) for column in zip(*parts.values(), strict=True)
    )
