"""Ed25519 (RFC 8032) through PyNaCl: identities of nodes, logs and officers."""

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from crypto.errors import SignatureError
from crypto.values import PublicKey, SigningSeed

_PUBLIC = 32


def public_key(seed: SigningSeed) -> PublicKey:
    """Return the 32-byte verification key of a seed."""
    return PublicKey(seed.expanded()[_PUBLIC:])


def sign(seed: SigningSeed, message: bytes) -> bytes:
    """Return the signature over `message`, 64 bytes, deterministic."""
    return crypto_sign(message, seed.expanded())[:crypto_sign_BYTES]


def verify(public: PublicKey, message: bytes, signature: bytes) -> None:
    """Return if `signature` was made over `message` by the holder of `public`'s seed.

    libsodium refuses keys of small order and signatures whose scalar is not reduced, so a
    signature cannot be changed into another valid one.

    Raises:
        SignatureError: it was not, or a length is wrong.
    """
    if len(public) != _PUBLIC or len(signature) != crypto_sign_BYTES:
        raise SignatureError("A signature must be 64 bytes and its key 32 bytes.")
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError as error:
        raise SignatureError("The signature does not verify under this key.") from error
