"""Passwords of accounts: Argon2id in PHC form, with a length that is asked for once."""

import unicodedata
from dataclasses import dataclass

import nacl.exceptions
from nacl import pwhash

from node.errors import InvalidError

MIN_LENGTH = 12
"""Characters. No rule on which ones: length is what counts (NIST SP 800-63B section 3.1.1.2)."""

MAX_LENGTH = 256
"""Characters; only so that nobody makes the server hash megabytes."""


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one password check costs. Tests pass less."""

    operations: int = pwhash.argon2id.OPSLIMIT_MODERATE
    memory_bytes: int = 64 * 1024 * 1024


def hash_password(password: str, cost: HashCost) -> str:
    """Return `password` under Argon2id with a fresh salt, in PHC form.

    Raises:
        InvalidError: shorter than `MIN_LENGTH` or longer than `MAX_LENGTH`; field `password`.
    """
    if len(password) < MIN_LENGTH:
        raise InvalidError({"password": "too-short"})
    if len(password) > MAX_LENGTH:
        raise InvalidError({"password": "too-long"})
    hashed: bytes = pwhash.argon2id.str(_normal(password), cost.operations, cost.memory_bytes)
    return hashed.decode("ascii")


def password_matches(hashed: str, password: str) -> bool:
    """Return whether `password` is the one that `hashed` was made from."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        return bool(pwhash.verify(hashed.encode("ascii"), _normal(password)))
    except nacl.exceptions.InvalidkeyError:
        return False


def _normal(password: str) -> bytes:
    # The same keys give other bytes on other systems: an "é" may be one character or two.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
