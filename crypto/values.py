"""Verified values. A function that takes one of these types trusts it; the door is elsewhere.

`Element` and `Scalar` come out of crypto.group only. Secrets are wrapped in a type that will not
be printed, copied, hashed or serialised, so that no log line, traceback or cache can hold one.
Python cannot promise to wipe memory: a secret lives until its last reference goes.
"""

import hmac
from typing import ClassVar, NewType, NoReturn

from nacl.bindings import crypto_sign_seed_keypair

from crypto.errors import EncodingError, SecretLeakError

Element = NewType("Element", bytes)
"""32 bytes: canonical ristretto255 encoding (RFC 9496), never the identity."""

Scalar = NewType("Scalar", bytes)
"""32 bytes, little-endian, 0 < s < ORDER. Public: a challenge, a coefficient."""

PublicKey = NewType("PublicKey", bytes)
"""32 bytes: an Ed25519 verification key or an X25519 public key."""

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Order of the ristretto255 group, RFC 9496 section 4.4."""


class Secret:
    """Bytes that leave by `reveal()` and by no other way.

    `repr` and `str` give a fixed text, so that a log line or a traceback that meets a secret by
    accident stays readable and harmless. Everything else that would copy the content raises.

    Raises:
        EncodingError: the length is not the one that the subclass asks for.
    """

    __slots__ = ("_content",)

    SIZE: ClassVar[int | None] = None
    """Bytes, or None for any length."""

    def __init__(self, content: bytes) -> None:
        if self.SIZE is not None and len(content) != self.SIZE:
            raise EncodingError(f"{type(self).__name__} must be {self.SIZE} bytes.")
        self._content = bytes(content)

    def reveal(self) -> bytes:
        """Return the content. Every call is a place to review."""
        return self._content

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; secrets of different types are never equal."""
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._content, other._content)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._content)} bytes>"

    # object.__str__ would do the same today; said here because logging depends on it.
    __str__ = __repr__

    def _refuse(self, *_: object) -> NoReturn:
        raise SecretLeakError(
            f"{type(self).__name__} must not be formatted, copied, hashed, iterated or serialised."
        )

    __format__ = _refuse
    __hash__ = _refuse
    __iter__ = _refuse
    __bytes__ = _refuse
    # pickle, copy and deepcopy all ask for the state first.
    __getstate__ = _refuse


class SecretScalar(Secret):
    """A secret scalar: a key share, a blind, a nonce. 32 bytes, little-endian, 0 < s < ORDER.

    Raises:
        EncodingError: another length, zero, or not below the group's order.
    """

    __slots__ = ()

    SIZE = 32

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        # Not constant-time, and need not be: only whether the first digits equal ORDER's shows,
        # which for a random scalar happens once in 2**120.
        if not 0 < int.from_bytes(self._content, "little") < ORDER:
            raise EncodingError("A secret scalar must be above zero and below the group's order.")


class SigningSeed(Secret):
    """An Ed25519 seed (RFC 8032 private key), 32 bytes."""

    __slots__ = ("_expanded",)

    SIZE = 32

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._expanded: bytes | None = None

    def expanded(self) -> bytes:
        """Return seed || public key, 64 bytes: what libsodium signs with.

        Derived here and kept, which halves the cost of a signature. It is never put together
        from a public key given from outside: a signature with a wrong one reveals the secret.
        """
        if self._expanded is None:
            _, self._expanded = crypto_sign_seed_keypair(self._content)
        return self._expanded


class SealingSecret(Secret):
    """An X25519 secret, 32 bytes."""

    __slots__ = ()

    SIZE = 32


class SymmetricKey(Secret):
    """A key for crypto.sealing.seal or crypto.derivation.hmac_sha256, 32 bytes."""

    __slots__ = ()

    SIZE = 32
