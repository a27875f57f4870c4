"""Making log entries: an announcement, an amendment, a withdrawal. Nothing is stored here."""

from typing import Final

from crypto.values import Secret
from federation.ports import Stored
from node.services.association import Association
from node.services.dates import month_of
from protocol.entries import Announce, Revise
from protocol.months import month_after
from protocol.notice import Notice, seal
from protocol.payload import (
    SALT_SIZE,
    AmendPayload,
    AnnouncePayload,
    Code,
    CodePayload,
    EmptyPayload,
    Opening,
    Payload,
    commit,
)
from protocol.tags import body_key, tag_of

_ID_SIZE: Final = 16
_NONCE_SIZE: Final = 24


class Announcer:
    """Makes this association's entries. Ids, salts and nonces are fresh in each."""

    def __init__(self, home: Association) -> None:
        self._roster = home.roster
        self._me = home.id
        self._entropy = home.entropy

    def announce(self, z: Secret, generation: int, notice: Notice, now: int) -> Stored:
        """Return the entry that announces `notice` about the identifier behind `z`.

        `now` is `Association.now`: the ceiling is counted from it.
        """
        entry_id = self._entropy(_ID_SIZE)
        opening = self._opening(
            AnnouncePayload(
                origin=self._me,
                generation=generation,
                tag=tag_of(z, generation, self._me),
                notice=self._sealed(z, generation, entry_id, notice),
                until=self._until(now),
            )
        )
        entry = Announce(id=entry_id, c=commit(self._me, entry_id, opening))
        return Stored(entry.encode(), (opening,))

    def amend(
        self, ref: int, announced: bytes, z: Secret, generation: int, notice: Notice, now: int
    ) -> Stored:
        """Return the entry that replaces the notice of the announcement at index `ref`.

        Args:
            ref: its index in this log.
            announced: its entry id, 16 bytes: the notice is sealed for it.
            z: the secret of its identifier.
            generation: of `z`.
            notice: what it says from now on.
            now: `Association.now`.
        """
        sealed = self._sealed(z, generation, announced, notice)
        body = AmendPayload(origin=self._me, notice=sealed, until=self._until(now))
        return self._revise(ref, Code.AMEND, body)

    def withdraw(self, ref: int) -> Stored:
        """Return the entry that withdraws the announcement at index `ref`."""
        return self._revise(ref, Code.WITHDRAW, EmptyPayload())

    def _revise(self, ref: int, code: Code, body: AmendPayload | EmptyPayload) -> Stored:
        entry_id = self._entropy(_ID_SIZE)
        main, beside = self._opening(CodePayload(code=code)), self._opening(body)
        entry = Revise(
            id=entry_id,
            ref=ref,
            c=commit(self._me, entry_id, main),
            body=commit(self._me, entry_id, beside),
        )
        return Stored(entry.encode(), (main, beside))

    def _opening(self, payload: Payload) -> Opening:
        return Opening(self._entropy(SALT_SIZE), payload.encode())

    def _sealed(self, z: Secret, generation: int, announced: bytes, notice: Notice) -> bytes:
        key = body_key(z, generation, self._me)
        origin = self._roster.log_origin(self._me)
        return seal(notice, key, origin, announced, generation, self._entropy(_NONCE_SIZE))

    def _until(self, now: int) -> str:
        """Return the outer ceiling, the same for every notice: a finer one would say more."""
        months = self._roster.parameters.retention_months
        return month_after(month_of(now), months)
