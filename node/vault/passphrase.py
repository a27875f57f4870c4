"""Sealing under a passphrase: Argon2id stretches it, XChaCha20-Poly1305 seals under the result."""

import unicodedata
from typing import Annotated, Literal

from pydantic import Field

from crypto.derivation import argon2id, lp
from crypto.errors import SealError
from crypto.labels import Label
from crypto.sealing import NONCE, seal, unseal
from crypto.values import Secret
from federation.ports import Entropy
from node.vault.errors import WeakPassphraseError, WrongPassphraseError
from protocol.message import Base64, Hex16, Message
from protocol.roster import Stretching

MIN_PASSPHRASE = 12
"""Characters. Six words of a word list are far more."""

DEFAULT_COST = Stretching(operations=3, memory_kib=65_536)
"""64 MiB, 3 passes: about 0.2 s, paid once at each unlock."""

_SALT = 16


class Locked(Message):
    """A secret under a passphrase. Cost and salt are stored, so a later version may raise them."""

    v: Literal[1] = 1
    operations: Annotated[int, Field(ge=1, le=64)]
    memory_kib: Annotated[int, Field(ge=8, le=4_194_303)]
    salt: Hex16
    sealed: Base64


def lock(
    content: Secret, passphrase: str, purpose: bytes, entropy: Entropy, cost: Stretching
) -> Locked:
    """Return `content` sealed under `passphrase`.

    Args:
        content: what to seal, any length.
        passphrase: at least `MIN_PASSPHRASE` characters, however it was typed (NFKC).
        purpose: a label with what the seal is bound to; `unlock` must name the same.
        entropy: randomness for salt and nonce.
        cost: Argon2id parameters.

    Raises:
        WeakPassphraseError: the passphrase is too short.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise WeakPassphraseError(f"A passphrase has at least {MIN_PASSPHRASE} characters.")
    salt = entropy(_SALT)
    key = argon2id(_normal(passphrase), salt, cost.operations, cost.memory_kib)
    bound = _associated(purpose, cost.operations, cost.memory_kib, salt)
    return Locked(
        operations=cost.operations,
        memory_kib=cost.memory_kib,
        salt=salt,
        sealed=seal(key, content.reveal(), bound, entropy(NONCE)),
    )


def unlock(locked: Locked, passphrase: str, purpose: bytes) -> Secret:
    """Return what was sealed. A wrong passphrase costs as much time as the right one.

    Raises:
        WrongPassphraseError: another passphrase or purpose, or an altered file.
    """
    key = argon2id(_normal(passphrase), locked.salt, locked.operations, locked.memory_kib)
    bound = _associated(purpose, locked.operations, locked.memory_kib, locked.salt)
    try:
        return Secret(unseal(key, locked.sealed, bound))
    except SealError:
        raise WrongPassphraseError(
            "This passphrase does not open it: check the keyboard's layout and try again."
        ) from None


def _normal(passphrase: str) -> bytes:
    return unicodedata.normalize("NFKC", passphrase).encode()


def _associated(purpose: bytes, operations: int, memory_kib: int, salt: bytes) -> bytes:
    cost = operations.to_bytes(4, "big") + memory_kib.to_bytes(4, "big")
    return Label.VAULT_KEY + lp(purpose) + lp(cost) + lp(salt)
