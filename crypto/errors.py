"""The root of the project's one error tree, and what crypto/ raises.

Every class carries a `code`: stable, public, listed in docs/errors.md, used by vectors and by
HTTP problems. The text of an error is a sentence to act on and never holds a secret.
"""

from typing import ClassVar


class VeilleuseError(Exception):
    """Root of everything that this project raises on purpose."""

    code: ClassVar[str] = "internal"


class CryptoError(VeilleuseError):
    """Root of everything that crypto/ raises."""

    code: ClassVar[str] = "crypto"


class EncodingError(CryptoError):
    """Bytes are not the one canonical encoding of a usable group element, scalar or field."""

    code: ClassVar[str] = "encoding"


class BatchError(CryptoError):
    """A batch to evaluate is empty, too large, or holds one element twice."""

    code: ClassVar[str] = "batch"


class ProofError(CryptoError):
    """A custodian's answer is not what its public share says it must be."""

    code: ClassVar[str] = "proof"


class SharingError(CryptoError):
    """A share, an index or a threshold does not fit the sharing."""

    code: ClassVar[str] = "sharing"


class SignatureError(CryptoError):
    """A signature was not made by this key over this message."""

    code: ClassVar[str] = "signature"


class SealError(CryptoError):
    """A sealed message was not made for this key and this context, or was altered."""

    code: ClassVar[str] = "seal"


class DerivationError(CryptoError):
    """A key cannot be derived with these parameters on this machine."""

    code: ClassVar[str] = "derivation"


class SecretLeakError(CryptoError, TypeError):
    """Our own code tried to print, copy or serialise a secret."""

    code: ClassVar[str] = "secret-leak"


class LibraryError(CryptoError):
    """No libsodium with ristretto255 can be loaded on this machine."""

    code: ClassVar[str] = "libsodium"
