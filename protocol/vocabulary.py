"""The closed vocabularies that reports and notices are written in: no free text, no score.

Slugs are what the API and the database hold, integers what is sealed into a notice. Both are
frozen (tests/vectors/vocabulary/): a word may be added at the end under a new
`protocol.coded.VERSION`, and never renamed, renumbered or reused. What people read on screen is
in node/labels.py. Descriptions of a person or a vehicle are in protocol/description.py.
Source: docs/spec/vocabulary.md.
"""

from protocol.coded import HIGHEST_WIRE, VERSION, Coded, NotAWordError, Unknown

__all__ = [
    "HIGHEST_WIRE",
    "VERSION",
    "Coded",
    "Consent",
    "Knowledge",
    "Need",
    "NotAWordError",
    "Perpetrator",
    "PlaceType",
    "Relation",
    "Severity",
    "TimeOfDay",
    "Unknown",
    "Violence",
]


class Severity(Coded):
    """How dangerous, in four levels; wire integers are in order of severity."""

    PENIBLE = "penible", 1
    RISQUE = "risque", 2
    DANGEREUX = "dangereux", 3
    TRES_DANGEREUX = "tres_dangereux", 4

    @property
    def federated(self) -> bool:
        """Whether a report of this severity may leave its association."""
        return self is not Severity.PENIBLE

    @property
    def needs_two(self) -> bool:
        """Whether two different people must approve its publication."""
        return self in {Severity.DANGEREUX, Severity.TRES_DANGEREUX}


class Violence(Coded):
    """What was done."""

    MEURTRE = "meurtre", 1
    VIOL = "viol", 2
    AGRESSION_SEXUELLE = "agression_sexuelle", 3
    PRESERVATIF = "preservatif", 4
    AGRESSION_PHYSIQUE = "agression_physique", 5
    AGRESSION_ARMEE = "agression_armee", 6
    VOL_MAIN_ARMEE = "vol_main_armee", 7
    VOL = "vol", 8
    NON_PAIEMENT = "non_paiement", 9
    SEQUESTRATION = "sequestration", 10
    MENACES = "menaces", 11
    INJURES = "injures", 12
    HARCELEMENT = "harcelement", 13
    CHANTAGE = "chantage", 14
    CONTRAINTE = "contrainte", 15
    DIFFUSION_IMAGES = "diffusion_images", 16
    ABUS_AUTORITE = "abus_autorite", 17
    FAUX_CLIENT = "faux_client", 18

    @property
    def federated(self) -> bool:
        """Whether a report may name it outside its association."""
        return self is not Violence.FAUX_CLIENT


class Perpetrator(Coded):
    """What the person presented themselves as."""

    CLIENT = "client", 1
    PREDATEUR = "predateur", 2
    POLICE = "police", 3
    PROXENETE = "proxenete", 4
    GROUPE = "groupe", 5
    AUTRE = "autre", 6
    INCONNU = "inconnu", 7


class PlaceType(Coded):
    """What kind of place it was; where it was is an area (protocol/areas.py)."""

    RUE = "rue", 1
    BOIS = "bois", 2
    VEHICULE = "vehicule", 3
    HOTEL = "hotel", 4
    APPARTEMENT = "appartement", 5
    DOMICILE_CLIENT = "domicile_client", 6
    SALON = "salon", 7
    CAMIONNETTE = "camionnette", 8
    EN_LIGNE = "en_ligne", 9
    AUTRE = "autre", 10


class TimeOfDay(Coded):
    """When in the day; the date is never finer than a month."""

    MATIN = "matin", 1
    APRES_MIDI = "apres_midi", 2
    SOIR = "soir", 3
    NUIT = "nuit", 4


class Relation(Coded):
    """Whether the person had been met before."""

    PREMIER_CONTACT = "premier_contact", 1
    CONNU = "connu", 2
    RECIDIVE = "recidive", 3


class Knowledge(Coded):
    """How the association knows: from the person it happened to, or from somebody else."""

    FIRST_HAND = "first_hand", 1
    RELAYED = "relayed", 2


class Consent(Coded):
    """What the person who reports agrees to: each asked separately, each "no" until given."""

    KEEP_LOCAL = "keep_local", 1
    FEDERATED_TAG = "federated_tag", 2
    MASKED_ALERT = "masked_alert", 3
    CONTACT = "contact", 4
    LAWYER = "lawyer", 5
    STATISTICS = "statistics", 6
    POLICE_ANONYMOUS = "police_anonymous", 7
    POLICE_NAMED = "police_named", 8
    RESEARCH = "research", 9


class Need(Coded):
    """What help the person asks for."""

    MEDICAL = "medical", 1
    PSYCHOLOGIQUE = "psychologique", 2
    JURIDIQUE = "juridique", 3
    HEBERGEMENT = "hebergement", 4
    ACCOMPAGNEMENT = "accompagnement", 5
    INTERPRETE = "interprete", 6
    AUCUN = "aucun", 7
