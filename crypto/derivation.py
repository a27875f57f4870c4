"""Keys from keys and from passphrases, and the one framing of variable-length parts."""

import hmac

import nacl.exceptions
from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13

from crypto.errors import DerivationError, EncodingError
from crypto.labels import Label
from crypto.values import Secret, SymmetricKey

_MAX_PART = 0xFFFF
_KEY = 32
_SALT = 16
# libsodium's own bounds for Argon2id (crypto_pwhash_argon2id_*_MIN and _MAX), parallelism 1.
_MIN_MEMORY_KIB = 8
_MAX_MEMORY_KIB = 4_194_303
_MAX_OPERATIONS = 0xFFFF_FFFF


def lp(data: bytes) -> bytes:
    """Return `data` after its length in 2 bytes, big-endian: parts then join unambiguously.

    Raises:
        EncodingError: 65536 bytes or more.
    Source: design, "From identifier to tag"; the I2OSP(len, 2) of RFC 9497.
    """
    if len(data) > _MAX_PART:
        raise EncodingError("A length-prefixed part must be shorter than 65536 bytes.")
    return len(data).to_bytes(2, "big") + data


def hmac_sha256(key: bytes | Secret, label: Label, *parts: bytes, tail: bytes = b"") -> bytes:
    """Return HMAC-SHA256(key, label || lp(part) for each part || tail), 32 bytes.

    A label is always used with the same number of parts, so that `tail`, which has no length
    before it, cannot be read as a part: leaf commitments end with a payload of any length.

    Args:
        key: at least 16 bytes of entropy, any length.
        label: the purpose, from the one table.
        parts: each below 65536 bytes.
        tail: raw end of the message, any length.

    Raises:
        EncodingError: a part is too long.
    """
    raw = key.reveal() if isinstance(key, Secret) else key
    return hmac.digest(raw, b"".join((label, *map(lp, parts), tail)), "sha256")


def argon2id(secret: bytes | Secret, salt: bytes, operations: int, memory_kib: int) -> SymmetricKey:
    """Return a 32-byte key from a passphrase or another guessable secret.

    Args:
        secret: any length.
        salt: 16 bytes.
        operations: passes over the memory, at least 1.
        memory_kib: memory in KiB, at least 8.

    Raises:
        DerivationError: parameters out of range, or not that much memory on this machine.
    Source: RFC 9106, version 0x13, one lane; libsodium's crypto_pwhash.
    """
    if len(salt) != _SALT:
        raise DerivationError("Argon2id needs a salt of exactly 16 bytes.")
    if not 1 <= operations <= _MAX_OPERATIONS:
        raise DerivationError("Argon2id needs at least one operation.")
    if not _MIN_MEMORY_KIB <= memory_kib <= _MAX_MEMORY_KIB:
        raise DerivationError("Argon2id needs between 8 KiB and 4 GiB of memory.")
    raw = secret.reveal() if isinstance(secret, Secret) else secret
    try:
        key = crypto_pwhash_alg(
            _KEY, raw, salt, operations, memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
        )
    except nacl.exceptions.RuntimeError as error:
        raise DerivationError(
            f"Argon2id could not get {memory_kib} KiB of memory: free some and try again."
        ) from error
    return SymmetricKey(key)
