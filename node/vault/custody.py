"""The custody level: this node's share of the network key, under a passphrase of its own.

The share exists in this file and, while custody is open, in memory; never in the database, never
in a backup. A network that loses shares makes a new key, a network whose shares leak has none.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from crypto.derivation import lp
from crypto.labels import Label
from crypto.values import SecretScalar
from federation.errors import CustodyLockedError, EpochError, NotCustodianError
from federation.ports import Entropy
from node.vault.files import read_key_file, write_key_file
from node.vault.passphrase import DEFAULT_COST, Locked, lock, unlock
from protocol.message import Hex32, Message
from protocol.roster import Stretching

CUSTODY_FILE = "custody.json"


class _CustodyFile(Message):
    v: Literal[1] = 1
    epoch: Hex32
    index: Annotated[int, Field(ge=1, le=65_535)]
    locked: Locked

    @property
    def purpose(self) -> bytes:
        return _purpose(self.epoch, self.index)


class Custody:
    """Holder of the share: locked after every start, open once someone gave the passphrase."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CUSTODY_FILE
        self._open: tuple[bytes, SecretScalar, int] | None = None

    @property
    def is_custodian(self) -> bool:
        """Whether this node has a share at all."""
        return self._path.exists()

    @property
    def is_open(self) -> bool:
        """Whether the share is in memory."""
        return self._open is not None

    def unlock(self, passphrase: str) -> None:
        """Open the share. Takes about 0.2 s of processor: run it in a thread.

        Raises:
            NotCustodianError: this node has no share.
            WrongPassphraseError: nothing changes then, an open share stays open.
        """
        if not self.is_custodian:
            raise NotCustodianError("This node holds no share of the network key.")
        content = read_key_file(self._path, _CustodyFile)
        share = unlock(content.locked, passphrase, content.purpose)
        self._open = (content.epoch, SecretScalar(share.reveal()), content.index)

    def lock(self) -> None:
        """Forget the share until the next unlock."""
        self._open = None

    def share(self, epoch_id: bytes) -> tuple[SecretScalar, int]:
        """Return the share of this epoch and its index.

        Raises:
            CustodyLockedError: nobody has opened it since the node started.
            NotCustodianError: this node has none.
            EpochError: the share is of another epoch.
        """
        if self._open is None:
            if self.is_custodian:
                raise CustodyLockedError("This custodian's share is locked.")
            raise NotCustodianError("This node holds no share of the network key.")
        epoch, share, index = self._open
        if epoch != epoch_id:
            raise EpochError("This custodian's share belongs to another epoch.")
        return share, index


def store_share(
    folder: Path,
    epoch: bytes,
    index: int,
    share: SecretScalar,
    passphrase: str,
    entropy: Entropy,
    cost: Stretching = DEFAULT_COST,
) -> None:
    """Write the custody file. The share is verified against its public image beforehand.

    Raises:
        WeakPassphraseError: the passphrase is too short.
    """
    locked = lock(share, passphrase, _purpose(epoch, index), entropy, cost)
    write_key_file(folder / CUSTODY_FILE, _CustodyFile(epoch=epoch, index=index, locked=locked))


def _purpose(epoch: bytes, index: int) -> bytes:
    return Label.SHARE_SEAL + lp(epoch) + lp(index.to_bytes(2, "big"))
