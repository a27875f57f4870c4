"""Sentences for codes: what is wrong with a field, why something was not searched, what to do.

The code is stable and for machines; the sentence says, in a person's words, what to do next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from node.labels import N_
from protocol.answer import Unsearched

Translate = Callable[[str], str]
"""A gettext: French source sentence to the sentence shown."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as it is shown: words first, then a shape, and a colour that only repeats them."""

    tone: str
    """`good`, `wait`, `bad` or `none`: the colour."""
    shape: str
    """Name of a shape in templates/parts.html."""
    words: str


NUMBER_PROBLEMS: Final[Mapping[str, str]] = {
    "identifier-empty": N_("Écrivez le numéro."),
    "identifier-too-long": N_("C’est trop long pour un numéro. Gardez un seul numéro."),
    "identifier-letters": N_("Un numéro n’a pas de lettres. Remplacez-les par des chiffres."),
    "identifier-characters": N_("Gardez les chiffres, les espaces et le +, enlevez le reste."),
    "identifier-extension": N_("Enlevez le numéro de poste : gardez le numéro principal."),
    "identifier-region": N_("Choisissez un pays dans la liste."),
    "identifier-not-possible": N_(
        "Ce numéro n’a pas le bon nombre de chiffres. Vérifiez-le, ou commencez par + et "
        "l’indicatif du pays."
    ),
    "identifier-country-needed": N_("Ce numéro existe dans plusieurs pays. Dites lequel."),
    "identifier-ambiguous": N_("Ce numéro existe dans deux pays. Dites lequel."),
}

FIELD_PROBLEMS: Final[Mapping[tuple[str, str], str]] = {
    ("severity", "required"): N_("Choisissez la gravité."),
    ("violence", "required"): N_("Cochez au moins un fait."),
    ("knowledge", "required"): N_("Dites comment vous le savez."),
    ("narrative", "size"): N_("Le récit est trop long. Raccourcissez-le."),
    ("region", "required"): N_("Ce numéro existe dans plusieurs pays. Dites lequel."),
    ("name", "required"): N_("Écrivez votre nom."),
    ("password", "required"): N_("Écrivez votre mot de passe."),
}

ANY_PROBLEM: Final = N_("Cette réponse ne convient pas. Choisissez-en une autre.")

GAPS: Final[Mapping[Unsearched, tuple[str, str]]] = {
    Unsearched.NO_QUORUM: (
        N_("Trop peu d’associations ont répondu pour pouvoir chercher ce numéro chez les autres."),
        N_("Réessayez dans quelques minutes. Si cela dure, prévenez la personne qui administre."),
    ),
    Unsearched.NEVER_SEEN: (
        N_("Nous n’avons encore jamais reçu ses signalements."),
        N_("Attendez la première synchronisation, ou appelez cette association."),
    ),
    Unsearched.SILENT: (
        N_("Nous n’avons plus de nouvelles : ses signalements récents peuvent manquer."),
        N_("Si c’est urgent, appelez cette association."),
    ),
    Unsearched.QUARANTINED: (
        N_("Ce qu’elle a envoyé n’a pas pu être vérifié : nous l’avons mis de côté."),
        N_("Prévenez la personne qui administre. Si c’est urgent, appelez cette association."),
    ),
    Unsearched.CRITICAL_ENTRY: (
        N_("Elle utilise une version plus récente que la nôtre, que nous ne savons pas lire."),
        N_("Demandez la mise à jour de Veilleuse à la personne qui administre."),
    ),
    Unsearched.PAYLOAD_MISSING: (
        N_("Une partie de ses signalements n’est pas encore arrivée."),
        N_("Réessayez dans une minute."),
    ),
    Unsearched.BEHIND: (
        N_("Nous sommes en train de recevoir ses derniers signalements."),
        N_("Réessayez dans une minute."),
    ),
    Unsearched.VAULT_LOCKED: (
        N_(
            "Le coffre de votre association est fermé : vos propres signalements n’ont pas été lus."
        ),
        N_("Demandez à la personne qui administre de l’ouvrir."),
    ),
    Unsearched.DEPOSIT_UNREAD: (
        N_("Un signalement reçu pendant que le coffre était fermé n’a pas encore pu être lu."),
        N_("Réessayez dans une minute. Si cela dure, prévenez une personne qui relit."),
    ),
}


def number_problem(code: str, translate: Translate) -> str:
    """Return what to do about a number that could not be read."""
    return translate(NUMBER_PROBLEMS.get(code, ANY_PROBLEM))


def field_problem(field: str, code: str, translate: Translate) -> str:
    """Return what to do about a field of a form."""
    return translate(FIELD_PROBLEMS.get((field, code), ANY_PROBLEM))
