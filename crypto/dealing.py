"""TEMPORARY: the founder deals the network key's shares at genesis, and so has seen the key.

The key ceremony (issue "Custody") deletes this file; its result has the same type, so nothing
else changes. Until then a network is only as trustworthy as its founder's machine at that hour.
"""

import hashlib
from collections.abc import Sequence

from crypto.errors import SharingError
from crypto.group import scalar_from_wide
from crypto.labels import Label
from crypto.sharing import Dealing, commitments, split
from crypto.values import SecretScalar

_RANDOMNESS = 32


def deal(threshold: int, indices: Sequence[int], randomness: bytes) -> Dealing:
    """Return a fresh key, shared: any `threshold` holders can evaluate, fewer learn nothing.

    The caller keeps each share only where it belongs and forgets `randomness`, which is the key.

    Args:
        threshold: 1 to the number of indices.
        indices: the custodians' places, 1 to 65535, all different.
        randomness: at least 32 fresh random bytes, never used for anything else.

    Raises:
        SharingError: the numbers do not fit together, or too little randomness.
    """
    if len(randomness) < _RANDOMNESS:
        raise SharingError("Dealing a key needs at least 32 random bytes.")
    secret = _coefficient(randomness, 0)
    coefficients = [_coefficient(randomness, power) for power in range(1, threshold)]
    shares = split(secret, threshold, indices, coefficients)
    public = commitments(secret, coefficients)
    return Dealing(public[0], public, shares)


def _coefficient(randomness: bytes, power: int) -> SecretScalar:
    head = Label.DEALING + power.to_bytes(4, "big")
    return scalar_from_wide(hashlib.sha512(head + randomness).digest())
