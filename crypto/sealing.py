"""Sealing under a key that both sides hold, and to a recipient's public key.

Both refuse as one error whatever is wrong: key, context or bytes.
"""

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError as NaClError

from crypto.derivation import hmac_sha256
from crypto.errors import SealError
from crypto.labels import Label
from crypto.values import PublicKey, SealingSecret, Secret

KEY = 32
NONCE = 24
TAG = 16
SYMMETRIC_OVERHEAD = NONCE + TAG
"""Bytes that `seal` adds."""
PUBLIC_OVERHEAD = KEY + TAG
"""Bytes that `seal_to` adds."""

_REFUSED = "This seal was not made for this key and context, or its bytes were altered."


def seal(key: Secret, plaintext: bytes, associated: bytes, nonce: bytes) -> bytes:
    """Return nonce || ciphertext || tag: 40 bytes more than `plaintext`.

    Args:
        key: 32 bytes.
        plaintext: any length.
        associated: what the seal is bound to; starts with a label from the one table.
        nonce: 24 fresh random bytes.

    Raises:
        SealError: key or nonce of another length.
    Source: XChaCha20-Poly1305-IETF, draft-irtf-cfrg-xchacha-03.
    """
    raw = key.reveal()
    if len(raw) != KEY or len(nonce) != NONCE:
        raise SealError("Sealing needs a key of 32 bytes and a nonce of 24 bytes.")
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, raw)


def unseal(key: Secret, sealed: bytes, associated: bytes) -> bytes:
    """Return the plaintext of what `seal` made under the same key and `associated`.

    Raises:
        SealError: another key, another `associated`, altered or short bytes.
    """
    if len(sealed) < SYMMETRIC_OVERHEAD:
        raise SealError(_REFUSED)
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE:], associated, sealed[:NONCE], key.reveal()
        )
    except NaClError as error:  # a key of another length is one too
        raise SealError(_REFUSED) from error


def sealing_public(secret: SealingSecret) -> PublicKey:
    """Return the 32-byte X25519 public key of a secret."""
    return PublicKey(crypto_scalarmult_base(secret.reveal()))


def seal_to(
    recipient: PublicKey, plaintext: bytes, associated: bytes, ephemeral: SealingSecret
) -> bytes:
    """Return ephemeral public key || ciphertext || tag: 48 bytes more than `plaintext`.

    The key is HMAC-SHA256(X25519(ephemeral, recipient), "veilleuse/seal-key/v1" ||
    lp(ephemeral public) || lp(recipient) || lp(associated)); it serves once, so the nonce of
    XChaCha20-Poly1305 is zero and its associated data empty. Anyone can seal: who wrote it must
    be said, and signed, inside or around.

    Args:
        recipient: X25519 public key, 32 bytes.
        plaintext: any length.
        associated: below 65536 bytes; starts with a label from the one table.
        ephemeral: fresh for each call, then forgotten. Using it twice reveals both plaintexts.

    Raises:
        SealError: the recipient's key is not usable.
        EncodingError: `associated` is too long.
    """
    public = sealing_public(ephemeral)
    key = _one_time_key(ephemeral, recipient, (public, recipient), associated)
    return public + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, b"", bytes(NONCE), key)


def unseal_from(secret: SealingSecret, sealed: bytes, associated: bytes) -> bytes:
    """Return the plaintext of what `seal_to` made for this secret's public key.

    Raises:
        SealError: another recipient, another `associated`, altered or short bytes.
        EncodingError: `associated` is too long.
    """
    if len(sealed) < PUBLIC_OVERHEAD:
        raise SealError(_REFUSED)
    public = PublicKey(sealed[:KEY])
    key = _one_time_key(secret, public, (public, sealing_public(secret)), associated)
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[KEY:], b"", bytes(NONCE), key)
    except NaClError as error:
        raise SealError(_REFUSED) from error


def _one_time_key(
    own: SealingSecret, other: PublicKey, publics: tuple[PublicKey, PublicKey], associated: bytes
) -> bytes:
    if len(other) != KEY:
        raise SealError("An X25519 public key must be 32 bytes.")
    try:
        shared = crypto_scalarmult(own.reveal(), other)
    except NaClError as error:  # a point of small order: the result would be known to everybody
        raise SealError("This X25519 public key is not usable.") from error
    return hmac_sha256(shared, Label.SEAL_KEY, *publics, associated)
