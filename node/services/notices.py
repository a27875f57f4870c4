"""From an announcement found under a tag to what a person is shown of it."""

from dataclasses import dataclass

from crypto.values import Secret
from node.services.dates import months_since
from node.services.views import MatchView
from node.storage.announcements import Hit
from protocol.errors import PeerError
from protocol.fold import Standing
from protocol.notice import Notice, unseal
from protocol.roster import Roster
from protocol.tags import body_key


@dataclass(frozen=True, slots=True)
class Shower:
    """Opens notices and says whose they are."""

    roster: Roster

    def show(self, hit: Hit, z: Secret, now: int) -> MatchView:
        """Return what is shown of `hit` to someone who knows the identifier behind `z`.

        A disputed notice still matches, its content withheld; so does one that does not open:
        a match is never lost because its words are (P7).
        """
        member = self.roster.member(hit.origin)
        disputed = hit.standing is Standing.DISPUTED
        notice = None if disputed else self._open(hit, z)
        month = None if notice is None else notice.month
        return MatchView(
            association=hit.origin,
            name=hit.origin if member is None else member.name,
            contact="" if member is None else member.contact,
            disputed=disputed,
            notice=notice,
            age_months=None if month is None else months_since(month, now),
        )

    def _open(self, hit: Hit, z: Secret) -> Notice | None:
        if hit.notice is None:
            return None
        key = body_key(z, hit.generation, hit.origin)
        try:
            return unseal(
                hit.notice,
                key,
                self.roster.log_origin(hit.origin),
                hit.entry_id,
                hit.generation,
            )
        except PeerError:
            return None
