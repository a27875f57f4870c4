"""Vectors from their files, and strategies for values: what every test of this room starts from."""

import hashlib
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from crypto.group import hash_to_element, scalar_from_int, scalar_from_wide
from crypto.values import ORDER, Element, SecretScalar

VECTORS = Path(__file__).parent.parent / "vectors"


def vector(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((VECTORS / path).read_text("utf-8"))
    return loaded


def secret(number: int) -> SecretScalar:
    """Return a small or large known number as a secret scalar."""
    return SecretScalar(scalar_from_int(number))


def random_secret(seed: bytes | str) -> SecretScalar:
    """Return a scalar that looks random and is the same each time."""
    raw = seed.encode() if isinstance(seed, str) else seed
    return scalar_from_wide(hashlib.sha512(raw).digest())


def element(seed: bytes | str | int) -> Element:
    """Return an element that looks random and is the same each time."""
    return hash_to_element(str(seed).encode(), b"test")


def number(scalar: SecretScalar | bytes) -> int:
    """Return a scalar as a number, for arithmetic by hand."""
    raw = scalar.reveal() if isinstance(scalar, SecretScalar) else scalar
    return int.from_bytes(raw, "little")


secrets = st.integers(1, ORDER - 1).map(secret)
elements = st.binary(min_size=1, max_size=8).map(lambda raw: hash_to_element(raw, b"test"))
