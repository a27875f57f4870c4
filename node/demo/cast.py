"""Who plays in the demo, and what they say. Every number is from the range kept for fiction."""

from dataclasses import dataclass
from typing import Final

from node.labels import N_
from node.permissions import Role

NETWORK: Final = "demo"
QUOTA: Final = 20_000
"""Questions a day, so that the demo can be played with."""


@dataclass(frozen=True, slots=True)
class Player:
    """One association of the demo."""

    id: str
    name: str
    town: str
    contact: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account of each association: its key in `demo --json`, its name, its role."""

    key: str
    name: str
    role: Role
    task: str


STRASS: Final = Player("strass", "STRASS", "Paris", "01 99 00 10 10")
CABIRIA: Final = Player("cabiria", "Cabiria", "Lyon", "04 65 71 20 20")
GRISELIDIS: Final = Player("griselidis", "Grisélidis", "Toulouse", "05 36 49 30 30")
ENTRACTES: Final = Player("entractes", "Entr’Actes", "Lille", "03 53 01 40 40")
PLAYERS: Final = (STRASS, CABIRIA, GRISELIDIS, ENTRACTES)

PEOPLE: Final = (
    Person("caseworker", "Camille", Role.CASEWORKER, N_("accompagne")),
    Person("moderator", "Morgane", Role.MODERATOR, N_("relit")),
    Person("moderator2", "Nour", Role.MODERATOR, N_("relit aussi")),
    Person("administrator", "Alix", Role.ADMINISTRATOR, N_("administre")),
)

NUMBER: Final = "+33639980123"
TYPED: Final = "06 39 98 01 23"
"""As Lyon types it."""
SPELLINGS: Final = (
    "+33 (0)6 39 98 01 23",
    "0033639980123",
    "06.39.98.01.23",
    "\uff10\uff16 \uff13\uff19 \uff19\uff18 \uff10\uff11 \uff12\uff13",
    "\u202a06\u200b39\u00a098\u202f01-23\u202c",
)
"""As others type it: with the country, in full-width digits, pasted with invisible marks."""
TOLD_ANEW: Final = "06-39-98-01-23"
"""As Paris types it, when a second association reports the same person."""
UNKNOWN: Final = "06 39 98 77 77"
"""Nobody reports this one."""

NARRATIVE: Final = (
    "Rendez-vous pris par téléphone le soir. Il a bloqué la porte, repris l’argent et menacé de "
    "revenir. Voiture grise garée devant. (Récit fictif.)"
)
NARRATIVE_ANEW: Final = (
    "Même voix, même manière de faire, un mois plus tard, dans un hôtel près de la gare. "
    "(Récit fictif.)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """One more fictional report, for the thief to look for."""

    player: Player
    number: str
    typed: str
    narrative: str


MORE: Final = (
    Told(STRASS, "+33639984501", "06 39 98 45 01", "Il a refusé le préservatif. (Récit fictif.)"),
    Told(GRISELIDIS, "+33639982718", "0639982718", "Il l’a suivie jusque chez elle. (Fictif.)"),
    Told(ENTRACTES, "+33639989999", "+33 6 39 98 99 99", "Il a volé son téléphone. (Fictif.)"),
)


def reported() -> list[str]:
    """Return the normal forms of the numbers that are reported before the thief comes."""
    return [NUMBER, *(told.number for told in MORE)]
