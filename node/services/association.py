"""What every service needs to know of the association that it works for."""

from dataclasses import dataclass, field

from sqlmodel import Session

from crypto.values import PublicKey
from federation.ports import Clock, Entropy
from node.errors import VaultLockedError
from node.services.sealed_rows import SealedRows
from node.storage.database import Database
from node.storage.ledger import SqlTransaction
from node.storage.logs import newest_head_time
from node.vault.vault import Vault
from protocol.roster import Member, Roster


@dataclass(frozen=True, slots=True)
class Association:
    """One association's node, as its services see it. Built once, in node/app.py.

    Attributes:
        id: of this association, in the roster.
        rows: sealed rows under `vault`.
    """

    id: str
    roster: Roster
    db: Database
    vault: Vault
    clock: Clock
    entropy: Entropy
    rows: SealedRows = field(init=False)

    def __post_init__(self) -> None:
        """Tie the sealed rows to the vault."""
        sealing_key = PublicKey(self.member.sealing_key)
        object.__setattr__(self, "rows", SealedRows(self.vault, sealing_key))

    @property
    def member(self) -> Member:
        """This association's own line in the roster."""
        return next(member for member in self.roster.members if member.id == self.id)

    @property
    def others(self) -> frozenset[str]:
        """Ids of all other members."""
        return frozenset(member.id for member in self.roster.members) - {self.id}

    @property
    def generation(self) -> int:
        """The generation of the network key that is live."""
        return self.roster.epoch.generation

    def now(self, session: Session) -> int:
        """Return the clock's time, but none before the newest head that is stored here.

        For what is kept by its date: a machine that started in a wrong year would date a report,
        or an announcement's end, as long past, and it would go as soon as the clock is set right.
        """
        members = [member.id for member in self.roster.members]
        return max(self.clock.now(), newest_head_time(session, members) or 0)

    def logs(self, session: Session) -> SqlTransaction:
        """Return the logs inside a transaction of the own database."""
        return SqlTransaction(session, self.others, self.generation)

    def require_vault(self) -> None:
        """Return if the vault is open.

        Raises:
            VaultLockedError: an administrator has to open it first.
        """
        if not self.vault.is_open:
            raise VaultLockedError("The vault is locked: an administrator opens it.")
