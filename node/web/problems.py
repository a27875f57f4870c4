"""What a page says when something cannot be done: what happened, and the way out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crypto.errors import VeilleuseError
from node.errors import ThrottledError
from node.labels import N_
from node.web.presenting import Link
from node.web.wording import Translate

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Sentence:
    """The page of one error code."""

    status: int
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A page, in the reader's language."""

    status: int
    title: str
    sentences: tuple[str, ...]
    way_out: Link


PROBLEMS: Final[Mapping[str, Sentence]] = {
    "forbidden": Sentence(
        403,
        N_("Cette page n’est pas pour votre rôle"),
        (N_("Si vous en avez besoin, parlez-en à la personne qui administre Veilleuse ici."),),
    ),
    "not-found": Sentence(
        404,
        N_("Il n’y a rien à cette adresse"),
        (N_("Le signalement a peut-être été effacé."),),
    ),
    "vault-locked": Sentence(
        503,
        N_("Le coffre est fermé"),
        (
            N_("Les signalements sont chiffrés et personne ne les a ouverts depuis le démarrage."),
            N_("Demandez à la personne qui administre d’ouvrir le coffre, puis réessayez."),
            N_("Vous pouvez quand même enregistrer un nouveau signalement : il attendra, chiffré."),
        ),
    ),
    "csrf": Sentence(
        403,
        N_("Cette page a trop attendu"),
        (
            N_("Rien n’a été enregistré."),
            N_("Vous avez changé de session, ou la page était ouverte depuis trop longtemps."),
        ),
    ),
    "form": Sentence(
        400, N_("Ce formulaire n’a pas pu être lu"), (N_("Rien n’a été enregistré."),)
    ),
    "already-decided": Sentence(
        409,
        N_("Vous avez déjà décidé"),
        (N_("La deuxième décision doit venir d’une autre personne de votre association."),),
    ),
    "wrong-state": Sentence(
        409,
        N_("Ce signalement a changé entre-temps"),
        (N_("Quelqu’un d’autre a décidé avant vous. Regardez où il en est."),),
    ),
    "lookup-limit": Sentence(
        429,
        N_("Trop de recherches aujourd’hui"),
        (
            N_("Votre compte a fait toutes ses recherches de la journée."),
            N_("Si c’est urgent, demandez à une autre personne de votre association de chercher."),
            N_("Si ces recherches ne sont pas les vôtres, prévenez la personne qui administre."),
        ),
    ),
    "signin": Sentence(
        403,
        N_("Ce lien ne marche plus"),
        (
            N_("Il a déjà servi, ou il est trop ancien."),
            N_("Demandez un autre lien à la personne qui administre."),
        ),
    ),
}

OTHERWISE: Final = Sentence(
    500,
    N_("Cela n’a pas marché"),
    (N_("Réessayez. Si cela continue, prévenez la personne qui administre."),),
)


def problem_of(error: VeilleuseError, translate: Translate, *, signed_in: bool) -> Problem:
    """Return the page for `error`: by its code, never by its text."""
    found = PROBLEMS.get(error.code, OTHERWISE)
    title = N_("Retour à l’accueil") if signed_in else N_("Se connecter")
    return Problem(
        status=found.status,
        title=translate(found.title),
        sentences=tuple(translate(sentence) for sentence in found.sentences),
        way_out=Link("/" if signed_in else "/connexion", translate(title)),
    )


def wait_of(error: ThrottledError, translate: Translate) -> str:
    """Return how long to wait before another password."""
    _, minutes = translate, -(-error.retry_after // MINUTE)
    return _("Trop d’essais. Attendez %(minutes)d min, puis réessayez.") % {"minutes": minutes}
