"""Failures as people read them: a French sentence for each code, on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Final

from crypto.errors import VeilleuseError
from node.cli.errors import CommandError, RemoteError
from node.cli.words import _
from node.labels import N_

CANNOT: Final = 2
"""Exit status: the command could not be carried out."""

SENTENCES: Final[Mapping[str, str]] = {
    "already-decided": N_("Vous avez déjà décidé pour ce signalement. Il faut une autre personne."),
    "conflict": N_("Ce n’est plus possible : l’état a changé. Regardez à nouveau."),
    "custody-locked": N_("La part de clé de ce nœud est fermée : veilleuse unlock custody"),
    "forbidden": N_("Ce compte n’a pas ce droit."),
    "genesis": N_("Cette carte, cet acte fondateur ou cette part ne va pas avec ce nœud."),
    "identifier-ambiguous": N_("Ce numéro existe dans plusieurs pays : précisez avec --region."),
    "invalid": N_("Une réponse ne convient pas."),
    "key-file": N_("Un fichier de clés manque ou est abîmé."),
    "libsodium": N_("La bibliothèque libsodium ne peut pas être chargée."),
    "lookup-limit": N_("Ce compte a fait toutes ses recherches de la journée."),
    "name-taken": N_("Un autre compte porte déjà ce nom."),
    "not-found": N_("Rien ne porte ce nom ici."),
    "not-joined": N_("Ce nœud n’est encore dans aucun réseau : veilleuse network --help"),
    "not-custodian": N_("Ce nœud ne détient pas de part de la clé du réseau."),
    "not-signed-in": N_("Ce jeton n’est pas valable : veilleuse token issue"),
    "roster": N_("Cet acte fondateur ne se vérifie pas."),
    "settings": N_("Un réglage manque ou ne convient pas."),
    "storage": N_("La base de données de ce nœud ne peut pas être lue."),
    "vault-locked": N_("Le coffre est fermé : veilleuse unlock vault"),
    "weak-passphrase": N_("Cette phrase de passe est trop courte : 12 caractères au moins."),
    "wrong-passphrase": N_("Cette phrase de passe n’ouvre pas : vérifiez le clavier."),
    "wrong-state": N_("Ce signalement a changé d’état entre-temps. Regardez à nouveau."),
}


def sentence_of(error: VeilleuseError) -> str:
    """Return what a person reads of `error`: what is wrong, then the precise reason if known."""
    if isinstance(error, CommandError):
        return str(error)
    code = error.remote_code if isinstance(error, RemoteError) else error.code
    known = SENTENCES.get(code)
    if known is None:
        return f"{error} ({code})"
    if isinstance(error, RemoteError) and error.candidates:
        regions = sorted({region for each in error.candidates.values() for region in each})
        return f"{_(known)} {', '.join(regions)}".rstrip()
    return _(known) if code in _COMPLETE else f"{_(known)}\n  {error}"


def tell_failure(error: VeilleuseError, *, as_json: bool) -> int:
    """Say why a command failed, and return its exit status."""
    if as_json:
        remote = isinstance(error, RemoteError)
        problem: dict[str, object] = {
            "code": error.remote_code if isinstance(error, RemoteError) else error.code,
            "title": str(error),
        }
        if remote:
            problem |= {
                name: value for name in ("fields", "candidates") if (value := getattr(error, name))
            }
        print(json.dumps(problem, ensure_ascii=False))  # noqa: T201  (a command's output)
    print(sentence_of(error), file=sys.stderr)  # noqa: T201
    return CANNOT


# The sentence says all there is to say; the English reason would only repeat it.
_COMPLETE: Final = frozenset(
    {
        "already-decided",
        "forbidden",
        "lookup-limit",
        "name-taken",
        "not-joined",
        "not-custodian",
        "not-signed-in",
        "vault-locked",
        "custody-locked",
        "weak-passphrase",
        "wrong-passphrase",
        "wrong-state",
    }
)
