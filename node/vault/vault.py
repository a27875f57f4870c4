"""The vault level: what opens reports and signs the log, in memory only while someone unlocked it.

One random root key gives every other key of the vault, so that a changed passphrase rewrites one
small file. Each row that holds what a worker said has a data key of its own, wrapped under the
root: forgetting the wrapped key erases the row, whatever copies of the database exist.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crypto.derivation import hmac_sha256, lp
from crypto.errors import SealError
from crypto.labels import Label
from crypto.sealing import NONCE, seal, seal_to, sealing_public, unseal, unseal_from
from crypto.signing import public_key
from crypto.values import PublicKey, SealingSecret, Secret, SigningSeed, SymmetricKey
from federation.ports import Entropy
from node.errors import VaultLockedError
from node.vault.errors import KeyFileError
from node.vault.files import read_key_file, write_key_file
from node.vault.passphrase import DEFAULT_COST, Locked, lock, unlock
from protocol.identifiers import Identifier
from protocol.message import AssociationId, Hex32, Message
from protocol.roster import Stretching

VAULT_FILE = "vault.json"
_KEY = 32
_DEPOSITED = b"d"
_WRAPPED = b"w"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies. It opens nowhere else: moved to another row, it is refused."""

    table: str
    row: str
    column: str

    def associated(self, label: Label) -> bytes:
        """Return what a seal at this place is bound to."""
        return label + b"".join(lp(part.encode()) for part in (self.table, self.row, self.column))


class _VaultFile(Message):
    v: Literal[1] = 1
    id: AssociationId
    log_key: Hex32
    sealing_key: Hex32
    locked: Locked


@dataclass(frozen=True, slots=True)
class _Keys:
    root: SymmetricKey
    log: SigningSeed
    sealing: SealingSecret


class Vault:
    """Holder of the vault's keys: locked after every start, open once someone gave the passphrase.

    Every method but `lock`, `unlock`, `new_data_key`, `seal_field`, `open_field` and `deposit`
    raises VaultLockedError while it is locked.
    """

    def __init__(self, folder: Path, entropy: Entropy) -> None:
        self._path = folder / VAULT_FILE
        self._entropy = entropy
        self._keys: _Keys | None = None

    @property
    def is_open(self) -> bool:
        """Whether the keys are in memory."""
        return self._keys is not None

    @property
    def log_key(self) -> PublicKey:
        """The public half of the log key; readable while locked."""
        return PublicKey(read_key_file(self._path, _VaultFile).log_key)

    @property
    def sealing_key(self) -> PublicKey:
        """The public half of the sealing key; readable while locked."""
        return PublicKey(read_key_file(self._path, _VaultFile).sealing_key)

    def unlock(self, passphrase: str) -> None:
        """Open the vault. Takes about 0.2 s of processor: run it in a thread.

        Raises:
            KeyFileError: no vault here, or its file is damaged: also if its public keys, which
                lie in clear, are not those of the secrets.
            WrongPassphraseError: nothing changes then, an open vault stays open.
        """
        file = read_key_file(self._path, _VaultFile)
        content = unlock(file.locked, passphrase, _purpose(file.id)).reveal()
        if len(content) != 3 * _KEY:
            raise KeyFileError("The vault's file is damaged.")
        keys = _Keys(
            SymmetricKey(content[:_KEY]),
            SigningSeed(content[_KEY : 2 * _KEY]),
            SealingSecret(content[2 * _KEY :]),
        )
        if (file.log_key, file.sealing_key) != (public_key(keys.log), sealing_public(keys.sealing)):
            raise KeyFileError("The vault's file names public keys that are not its own.")
        self._keys = keys

    def lock(self) -> None:
        """Forget the keys until the next unlock."""
        self._keys = None

    @property
    def log_seed(self) -> SigningSeed:
        """The key that signs this association's log."""
        return self._opened().log

    @property
    def sealing_secret(self) -> SealingSecret:
        """The key that opens what was sealed to this association."""
        return self._opened().sealing

    def new_data_key(self) -> SymmetricKey:
        """Return a fresh key for one row, 32 bytes."""
        return SymmetricKey(self._entropy(_KEY))

    def seal_field(self, key: SymmetricKey, place: Place, content: bytes) -> bytes:
        """Return `content` sealed under a row's own key, 40 bytes longer."""
        return seal(key, content, place.associated(Label.VAULT_FIELD), self._entropy(NONCE))

    def open_field(self, key: SymmetricKey, place: Place, sealed: bytes) -> bytes:
        """Return what `seal_field` sealed at this very place.

        Raises:
            SealError: another key or place, or altered bytes.
        """
        return unseal(key, sealed, place.associated(Label.VAULT_FIELD))

    def wrap(self, key: SymmetricKey, place: Place) -> bytes:
        """Return a row's own key sealed under the vault's, 73 bytes."""
        bound = place.associated(Label.REPORT_KEY)
        return _WRAPPED + seal(self._wrapping_key(), key.reveal(), bound, self._entropy(NONCE))

    def unwrap(self, wrapped: bytes, place: Place) -> SymmetricKey:
        """Return the row's own key, wrapped here or deposited while the vault was locked.

        Raises:
            SealError: another vault or place, or altered bytes.
        """
        form, body = wrapped[:1], wrapped[1:]
        if form == _WRAPPED:
            bound = place.associated(Label.REPORT_KEY)
            return SymmetricKey(unseal(self._wrapping_key(), body, bound))
        if form == _DEPOSITED:
            bound = place.associated(Label.DEPOSIT_SEAL)
            return SymmetricKey(unseal_from(self.sealing_secret, body, bound))
        raise SealError("A wrapped key is of neither form that this version knows.")

    def deposit(self, key: SymmetricKey, place: Place, recipient: PublicKey) -> bytes:
        """Return a row's own key sealed to this association: works while the vault is locked.

        Args:
            key: of the row.
            place: of what `key` seals.
            recipient: the association's sealing key as the roster has it. The one in the vault's
                file is in clear: whoever can write there would read every deposit.
        """
        bound = place.associated(Label.DEPOSIT_SEAL)
        ephemeral = SealingSecret(self._entropy(_KEY))
        return _DEPOSITED + seal_to(recipient, key.reveal(), bound, ephemeral)

    def locator(self, identifier: Identifier) -> bytes:
        """Return 32 bytes that find an identifier among one's own, and test nothing when locked."""
        return self._index(b"locator", identifier.kind.encode(), identifier.text.encode())

    def notice_digest(self, subject: str, notice: bytes) -> bytes:
        """Return 32 bytes that tell whether a subject's notice is still `notice`."""
        return self._index(b"notice", subject.encode(), notice)

    def approver(self, report: str, account: str) -> bytes:
        """Return 32 bytes that tell one person's approval of a report from another's."""
        return self._index(b"approver", report.encode(), account.encode())

    def seen_key(self, origin: str, index: int) -> bytes:
        """Return 32 bytes under which a match is remembered as read."""
        return self._index(b"seen", origin.encode(), index.to_bytes(8, "big"))

    def _index(self, purpose: bytes, first: bytes, second: bytes) -> bytes:
        return hmac_sha256(self._opened().root, Label.VAULT_INDEX, purpose, first, second)

    def _wrapping_key(self) -> SymmetricKey:
        return SymmetricKey(hmac_sha256(self._opened().root, Label.REPORT_KEY))

    def _opened(self) -> _Keys:
        if self._keys is None:
            raise VaultLockedError("The vault is locked: an administrator opens it.")
        return self._keys


def create_vault(
    folder: Path,
    association: str,
    passphrase: str,
    entropy: Entropy,
    cost: Stretching = DEFAULT_COST,
) -> tuple[PublicKey, PublicKey]:
    """Make a fresh vault in `folder`; return its log key and sealing key (public halves).

    Raises:
        WeakPassphraseError: the passphrase is too short.
    """
    root, log, sealing = entropy(_KEY), entropy(_KEY), entropy(_KEY)
    file = _VaultFile(
        id=association,
        log_key=public_key(SigningSeed(log)),
        sealing_key=sealing_public(SealingSecret(sealing)),
        locked=lock(Secret(root + log + sealing), passphrase, _purpose(association), entropy, cost),
    )
    write_key_file(folder / VAULT_FILE, file)
    return PublicKey(file.log_key), PublicKey(file.sealing_key)


def change_passphrase(
    folder: Path, old: str, new: str, entropy: Entropy, cost: Stretching = DEFAULT_COST
) -> None:
    """Seal the same vault under another passphrase.

    Raises:
        WrongPassphraseError: `old` does not open it.
        WeakPassphraseError: `new` is too short.
    """
    file = read_key_file(folder / VAULT_FILE, _VaultFile)
    content = unlock(file.locked, old, _purpose(file.id))
    locked = lock(content, new, _purpose(file.id), entropy, cost)
    write_key_file(folder / VAULT_FILE, file.model_copy(update={"locked": locked}))


def _purpose(association: str) -> bytes:
    return Label.VAULT_KEY + lp(association.encode())
