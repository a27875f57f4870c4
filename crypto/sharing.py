"""Shamir's sharing of a secret scalar, with Feldman's commitments to check shares against.

The polynomial f has degree threshold - 1 and f(0) = secret; the share of index i is f(i). The
commitments are coefficient * G, from the constant one up, so commitments[0] is the public key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.errors import EncodingError, SharingError
from crypto.group import (
    add,
    multiply,
    multiply_base,
    scalar_add,
    scalar_from_int,
    scalar_multiply,
)
from crypto.threshold import check_indices
from crypto.values import Element, SecretScalar


@dataclass(frozen=True, slots=True)
class Dealing:
    """A sharing as its dealer knows it: everything public, and each holder's share."""

    public_key: Element
    commitments: tuple[Element, ...]
    shares: dict[int, SecretScalar]


def split(
    secret: SecretScalar,
    threshold: int,
    indices: Sequence[int],
    coefficients: Sequence[SecretScalar],
) -> dict[int, SecretScalar]:
    """Return a share for each index; any `threshold` of them determine the secret.

    Args:
        secret: the polynomial's value at zero.
        threshold: 1 to the number of indices.
        indices: the holders' places, 1 to 65535, all different.
        coefficients: threshold - 1 fresh random scalars, from the linear one up.

    Raises:
        SharingError: the numbers do not fit together.
        EncodingError: a share is zero (probability 2**-252).
    """
    check_indices(indices)
    if not 1 <= threshold <= len(indices):
        raise SharingError("A threshold must be from 1 to the number of shares.")
    if len(coefficients) != threshold - 1:
        raise SharingError("A polynomial needs one coefficient fewer than its threshold.")
    polynomial = (secret, *coefficients)
    return {index: _value_at(polynomial, index) for index in indices}


def commitments(secret: SecretScalar, coefficients: Sequence[SecretScalar]) -> tuple[Element, ...]:
    """Return the commitment to each coefficient, the secret's first. All are public."""
    return tuple(multiply_base(coefficient) for coefficient in (secret, *coefficients))


def public_share(share: SecretScalar) -> Element:
    """Return share * G: what the holder's proofs are checked against."""
    return multiply_base(share)


def public_share_at(commitments: Sequence[Element], index: int) -> Element:
    """Return the public share that the holder of `index` must have.

    Args:
        commitments: from the constant coefficient up, at least one.
        index: 1 to 65535.

    Raises:
        SharingError: no commitments, bad index, or commitments crafted to meet the identity.
    """
    check_indices([index])
    if not commitments:
        raise SharingError("A sharing has at least one commitment.")
    point = scalar_from_int(index)
    *rest, result = commitments
    try:
        for commitment in reversed(rest):
            result = add(multiply(point, result), commitment)
    except EncodingError as error:
        raise SharingError("These commitments give no usable public share.") from error
    return result


def verify_share(commitments: Sequence[Element], index: int, share: SecretScalar) -> None:
    """Return if `share` is the one that the commitments promise to the holder of `index`.

    Raises:
        SharingError: it is not.
    """
    if public_share(share) != public_share_at(commitments, index):
        raise SharingError("This share is not the one that the dealer committed to.")


def _value_at(polynomial: Sequence[SecretScalar], index: int) -> SecretScalar:
    """Horner's rule on secret coefficients, in constant time."""
    point = scalar_from_int(index)
    *rest, result = polynomial
    for coefficient in reversed(rest):
        result = scalar_add(scalar_multiply(result, point), coefficient)
    return result
