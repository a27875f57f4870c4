"""Codes that describe a person or a vehicle: what may help to recognise somebody, and no more.

Never skin colour or "race" (GDPR article 9). A description holds at most one word for each
trait. Same rules of stability as protocol/vocabulary.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from protocol.coded import Coded


class Trait(Coded):
    """What is described; the words for each are in TRAITS."""

    GENRE = "genre", 1
    AGE = "age", 2
    TAILLE = "taille", 3
    CORPULENCE = "corpulence", 4
    CHEVEUX = "cheveux", 5
    YEUX = "yeux", 6
    BARBE = "barbe", 7
    CICATRICE = "cicatrice", 8
    TATOUAGE = "tatouage", 9
    LUNETTES = "lunettes", 10
    LANGUE = "langue", 11
    VEHICULE = "vehicule", 12
    VEHICULE_MARQUE = "vehicule_marque", 13
    VEHICULE_COULEUR = "vehicule_couleur", 14


class Gender(Coded):
    """Apparent gender."""

    HOMME = "homme", 1
    FEMME = "femme", 2
    INDETERMINE = "indetermine", 3


class AgeBand(Coded):
    """Apparent age, in years."""

    MOINS_25 = "moins_25", 1
    DE_25_A_34 = "de_25_a_34", 2
    DE_35_A_44 = "de_35_a_44", 3
    DE_45_A_54 = "de_45_a_54", 4
    DE_55_A_64 = "de_55_a_64", 5
    PLUS_65 = "plus_65", 6


class HeightBand(Coded):
    """Height, in centimetres."""

    MOINS_165 = "moins_165", 1
    DE_165_A_174 = "de_165_a_174", 2
    DE_175_A_184 = "de_175_a_184", 3
    PLUS_185 = "plus_185", 4


class Build(Coded):
    """Build."""

    MINCE = "mince", 1
    MOYENNE = "moyenne", 2
    FORTE = "forte", 3
    MUSCLEE = "musclee", 4


class Hair(Coded):
    """Hair: its colour, or none."""

    BRUNS = "bruns", 1
    NOIRS = "noirs", 2
    CHATAINS = "chatains", 3
    BLONDS = "blonds", 4
    ROUX = "roux", 5
    GRIS = "gris", 6
    BLANCS = "blancs", 7
    COLORES = "colores", 8
    RASES = "rases", 9
    CHAUVE = "chauve", 10


class Eyes(Coded):
    """Colour of the eyes."""

    MARRON = "marron", 1
    BLEUS = "bleus", 2
    VERTS = "verts", 3
    GRIS = "gris", 4


class Beard(Coded):
    """Hair on the face."""

    AUCUNE = "aucune", 1
    BARBE = "barbe", 2
    MOUSTACHE = "moustache", 3
    BOUC = "bouc", 4


class Mark(Coded):
    """Where the most visible scar or tattoo is."""

    AUCUN = "aucun", 1
    VISAGE = "visage", 2
    COU = "cou", 3
    BRAS = "bras", 4
    MAINS = "mains", 5
    TORSE = "torse", 6
    DOS = "dos", 7
    JAMBES = "jambes", 8


class Glasses(Coded):
    """Whether glasses were worn."""

    SANS = "sans", 1
    DE_VUE = "de_vue", 2
    DE_SOLEIL = "de_soleil", 3


class Language(Coded):
    """Language spoken, or accent heard."""

    FRANCAIS = "francais", 1
    ANGLAIS = "anglais", 2
    ARABE = "arabe", 3
    ESPAGNOL = "espagnol", 4
    PORTUGAIS = "portugais", 5
    ITALIEN = "italien", 6
    ALLEMAND = "allemand", 7
    NEERLANDAIS = "neerlandais", 8
    ROUMAIN = "roumain", 9
    BULGARE = "bulgare", 10
    RUSSE = "russe", 11
    CHINOIS = "chinois", 12
    TURC = "turc", 13
    ALBANAIS = "albanais", 14
    AUTRE = "autre", 15


class Vehicle(Coded):
    """Type of vehicle."""

    VOITURE = "voiture", 1
    CITADINE = "citadine", 2
    BERLINE = "berline", 3
    BREAK = "break", 4
    SUV = "suv", 5
    UTILITAIRE = "utilitaire", 6
    CAMION = "camion", 7
    MOTO = "moto", 8
    SCOOTER = "scooter", 9
    VELO = "velo", 10
    TAXI = "taxi", 11
    AUTRE = "autre", 12


class VehicleMake(Coded):
    """Make of vehicle."""

    RENAULT = "renault", 1
    PEUGEOT = "peugeot", 2
    CITROEN = "citroen", 3
    DACIA = "dacia", 4
    VOLKSWAGEN = "volkswagen", 5
    AUDI = "audi", 6
    BMW = "bmw", 7
    MERCEDES = "mercedes", 8
    OPEL = "opel", 9
    FORD = "ford", 10
    FIAT = "fiat", 11
    SEAT = "seat", 12
    SKODA = "skoda", 13
    TOYOTA = "toyota", 14
    NISSAN = "nissan", 15
    HYUNDAI = "hyundai", 16
    KIA = "kia", 17
    VOLVO = "volvo", 18
    MINI = "mini", 19
    TESLA = "tesla", 20
    AUTRE = "autre", 21


class VehicleColour(Coded):
    """Colour of a vehicle."""

    NOIR = "noir", 1
    BLANC = "blanc", 2
    GRIS = "gris", 3
    BLEU = "bleu", 4
    ROUGE = "rouge", 5
    VERT = "vert", 6
    JAUNE = "jaune", 7
    ORANGE = "orange", 8
    MARRON = "marron", 9
    BEIGE = "beige", 10
    AUTRE = "autre", 11


TRAITS: Final[Mapping[Trait, type[Coded]]] = MappingProxyType(
    {
        Trait.GENRE: Gender,
        Trait.AGE: AgeBand,
        Trait.TAILLE: HeightBand,
        Trait.CORPULENCE: Build,
        Trait.CHEVEUX: Hair,
        Trait.YEUX: Eyes,
        Trait.BARBE: Beard,
        Trait.CICATRICE: Mark,
        Trait.TATOUAGE: Mark,
        Trait.LUNETTES: Glasses,
        Trait.LANGUE: Language,
        Trait.VEHICULE: Vehicle,
        Trait.VEHICULE_MARQUE: VehicleMake,
        Trait.VEHICULE_COULEUR: VehicleColour,
    }
)
"""The vocabulary that each trait takes its word from."""
