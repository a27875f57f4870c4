"""Areas a notice may name, with their French names: nothing finer leaves a node.

French départements (01 to 95, 2A, 2B, 971 to 974, 976), the arrondissements of Paris, Lyon and
Marseille (by the national statistics office's codes), and the Belgian provinces and Brussels by
ISO 3166-2:BE. An area outside both countries will be an ISO 3166-2 code too.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from protocol.errors import VocabularyError


class AreaError(VocabularyError):
    """A text is not the code of a known area."""

    code: ClassVar[str] = "vocabulary-area"


_METROPOLE = (
    "Ain Aisne Allier Alpes-de-Haute-Provence Hautes-Alpes Alpes-Maritimes Ardèche Ardennes Ariège "
    "Aube Aude Aveyron Bouches-du-Rhône Calvados Cantal Charente Charente-Maritime Cher Corrèze - "
    "Côte-d’Or Côtes-d’Armor Creuse Dordogne Doubs Drôme Eure Eure-et-Loir Finistère Gard "
    "Haute-Garonne Gers Gironde Hérault Ille-et-Vilaine Indre Indre-et-Loire Isère Jura Landes "
    "Loir-et-Cher Loire Haute-Loire Loire-Atlantique Loiret Lot Lot-et-Garonne Lozère "
    "Maine-et-Loire Manche Marne Haute-Marne Mayenne Meurthe-et-Moselle Meuse Morbihan Moselle "
    "Nièvre Nord Oise Orne Pas-de-Calais Puy-de-Dôme Pyrénées-Atlantiques Hautes-Pyrénées "
    "Pyrénées-Orientales Bas-Rhin Haut-Rhin Rhône Haute-Saône Saône-et-Loire Sarthe Savoie "
    "Haute-Savoie Paris Seine-Maritime Seine-et-Marne Yvelines Deux-Sèvres Somme Tarn "
    "Tarn-et-Garonne Var Vaucluse Vendée Vienne Haute-Vienne Vosges Yonne "
    "Territoire_de_Belfort Essonne Hauts-de-Seine Seine-Saint-Denis Val-de-Marne Val-d’Oise"
)
"""By number from 01; the dash is 20, which became 2A and 2B."""


def _departements() -> dict[str, str]:
    names = enumerate(_METROPOLE.split(), start=1)
    return {f"{number:02}": name.replace("_", " ") for number, name in names if name != "-"}


def _arrondissements(city: str, first: int, count: int) -> dict[str, str]:
    return {
        str(first + index): f"{city} {index + 1}{'er' if index == 0 else 'e'}"
        for index in range(count)
    }


AREAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **_departements(),
        "2A": "Corse-du-Sud",
        "2B": "Haute-Corse",
        "971": "Guadeloupe",
        "972": "Martinique",
        "973": "Guyane",
        "974": "La Réunion",
        "976": "Mayotte",
        **_arrondissements("Paris", 75101, 20),
        **_arrondissements("Lyon", 69381, 9),
        **_arrondissements("Marseille", 13201, 16),
        "BE-BRU": "Bruxelles-Capitale",
        "BE-VAN": "Anvers",
        "BE-VBR": "Brabant flamand",
        "BE-VLI": "Limbourg",
        "BE-VOV": "Flandre-Orientale",
        "BE-VWV": "Flandre-Occidentale",
        "BE-WBR": "Brabant wallon",
        "BE-WHT": "Hainaut",
        "BE-WLG": "Liège",
        "BE-WLX": "Luxembourg (Belgique)",
        "BE-WNA": "Namur",
    }
)
"""Code to French name, in the order of a menu."""

_NEWER: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


def is_area(code: str) -> bool:
    """Return whether `code` is an area of this version, exactly as written in AREAS."""
    return code in AREAS


def is_newer_area(code: str) -> bool:
    """Return whether a newer vocabulary could hold `code`: the shape of ISO 3166-2, no more."""
    return _NEWER.fullmatch(code) is not None


def parse_area(text: str) -> str:
    """Return the area code that a person wrote: "1" is 01, "2a" is 2A, "be-bru" is BE-BRU.

    A postcode is refused: it is finer than what may leave the node, and guessing an
    arrondissement from it is not this function's decision.

    Raises:
        AreaError: not an area.
    """
    code = text.strip().upper()
    if len(code) == 1:
        code = "0" + code
    if not is_area(code):
        raise AreaError("This is no département, arrondissement or Belgian province.")
    return code
