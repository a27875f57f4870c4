"""The officer key: signs the roster for its association. Kept apart from the node, on paper too.

Nothing in a running node needs it. Its file lies under a passphrase of its own, and works on
another machine.
"""

from pathlib import Path
from typing import Literal

from crypto.derivation import lp
from crypto.labels import Label
from crypto.signing import public_key
from crypto.values import PublicKey, SigningSeed
from federation.ports import Entropy
from node.vault.files import read_key_file, write_key_file
from node.vault.passphrase import DEFAULT_COST, Locked, lock, unlock
from protocol.message import AssociationId, Hex32, Message
from protocol.roster import Stretching

OFFICER_FILE = "officer.json"


class _OfficerFile(Message):
    v: Literal[1] = 1
    id: AssociationId
    public: Hex32
    locked: Locked


def create_officer(
    path: Path,
    association: str,
    passphrase: str,
    entropy: Entropy,
    cost: Stretching = DEFAULT_COST,
) -> PublicKey:
    """Make a fresh officer key at `path` and return its public half.

    Raises:
        WeakPassphraseError: the passphrase is too short.
    """
    seed = SigningSeed(entropy(32))
    locked = lock(seed, passphrase, _purpose(association), entropy, cost)
    file = _OfficerFile(id=association, public=public_key(seed), locked=locked)
    write_key_file(path, file)
    return PublicKey(file.public)


def open_officer(path: Path, passphrase: str) -> SigningSeed:
    """Return the officer's seed.

    Raises:
        KeyFileError: no officer file there, or a damaged one.
        WrongPassphraseError: the passphrase does not open it.
    """
    file = read_key_file(path, _OfficerFile)
    return SigningSeed(unlock(file.locked, passphrase, _purpose(file.id)).reveal())


def _purpose(association: str) -> bytes:
    return Label.VAULT_KEY + lp(b"officer") + lp(association.encode())
