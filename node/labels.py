"""What people read for each code, in French, marked for extraction and translated at display.

One table a vocabulary: members of different vocabularies can share a slug and then compare
equal, so one table for all would mix them up.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from protocol.coded import Coded, Unknown
from protocol.description import (
    AgeBand,
    Beard,
    Build,
    Eyes,
    Gender,
    Glasses,
    Hair,
    HeightBand,
    Language,
    Mark,
    Trait,
    Vehicle,
    VehicleColour,
    VehicleMake,
)
from protocol.vocabulary import (
    Consent,
    Knowledge,
    Need,
    Perpetrator,
    PlaceType,
    Relation,
    Severity,
    TimeOfDay,
    Violence,
)


def N_(message: str) -> str:  # noqa: N802  # gettext's own name, which extraction looks for
    """Mark `message` for extraction; it is translated where it is shown."""
    return message


UNKNOWN: Final = N_("code inconnu (%(code)d)")
"""For a word of a newer vocabulary than this node's."""

LABELS: Final[Mapping[type[Coded], Mapping[Coded, str]]] = MappingProxyType(
    {
        Severity: {
            Severity.PENIBLE: N_("Pénible"),
            Severity.RISQUE: N_("Risqué"),
            Severity.DANGEREUX: N_("Dangereux"),
            Severity.TRES_DANGEREUX: N_("Très dangereux"),
        },
        Violence: {
            Violence.MEURTRE: N_("Meurtre ou tentative de meurtre"),
            Violence.VIOL: N_("Viol ou tentative de viol"),
            Violence.AGRESSION_SEXUELLE: N_("Agression sexuelle"),
            Violence.PRESERVATIF: N_("Retrait ou refus du préservatif"),
            Violence.AGRESSION_PHYSIQUE: N_("Agression physique"),
            Violence.AGRESSION_ARMEE: N_("Agression armée"),
            Violence.VOL_MAIN_ARMEE: N_("Vol à main armée"),
            Violence.VOL: N_("Vol"),
            Violence.NON_PAIEMENT: N_("Refus de paiement ou reprise de l’argent"),
            Violence.SEQUESTRATION: N_("Séquestration"),
            Violence.MENACES: N_("Menaces"),
            Violence.INJURES: N_("Injures ou intimidation"),
            Violence.HARCELEMENT: N_("Harcèlement ou traque"),
            Violence.CHANTAGE: N_("Chantage (argent, sentiments, révélation de l’activité)"),
            Violence.CONTRAINTE: N_("Contrainte"),
            Violence.DIFFUSION_IMAGES: N_("Diffusion d’images"),
            Violence.ABUS_AUTORITE: N_("Abus d’autorité"),
            Violence.FAUX_CLIENT: N_("Faux client, lapin"),
        },
        Perpetrator: {
            Perpetrator.CLIENT: N_("Se présentant comme client"),
            Perpetrator.PREDATEUR: N_("Prédateur"),
            Perpetrator.POLICE: N_("Police ou autorité"),
            Perpetrator.PROXENETE: N_("Proxénète ou manager"),
            Perpetrator.GROUPE: N_("Groupe"),
            Perpetrator.AUTRE: N_("Autre"),
            Perpetrator.INCONNU: N_("Inconnu"),
        },
        PlaceType: {
            PlaceType.RUE: N_("Rue"),
            PlaceType.BOIS: N_("Bois ou parc"),
            PlaceType.VEHICULE: N_("Véhicule"),
            PlaceType.HOTEL: N_("Hôtel"),
            PlaceType.APPARTEMENT: N_("Appartement (reçoit)"),
            PlaceType.DOMICILE_CLIENT: N_("Domicile du client"),
            PlaceType.SALON: N_("Salon ou bar"),
            PlaceType.CAMIONNETTE: N_("Camionnette"),
            PlaceType.EN_LIGNE: N_("En ligne"),
            PlaceType.AUTRE: N_("Autre"),
        },
        TimeOfDay: {
            TimeOfDay.MATIN: N_("Matin"),
            TimeOfDay.APRES_MIDI: N_("Après-midi"),
            TimeOfDay.SOIR: N_("Soir"),
            TimeOfDay.NUIT: N_("Nuit"),
        },
        Relation: {
            Relation.PREMIER_CONTACT: N_("Premier contact"),
            Relation.CONNU: N_("Déjà connu"),
            Relation.RECIDIVE: N_("Récidive"),
        },
        Knowledge: {
            Knowledge.FIRST_HAND: N_("De première main"),
            Knowledge.RELAYED: N_("Rapporté par une autre personne"),
        },
        Consent: {
            Consent.KEEP_LOCAL: N_("Conserver le signalement dans mon association"),
            Consent.FEDERATED_TAG: N_("Prévenir les autres associations qui cherchent ce numéro"),
            Consent.MASKED_ALERT: N_("Diffuser une alerte masquée"),
            Consent.CONTACT: N_("Être recontactée ou recontacté"),
            Consent.LAWYER: N_("Transmettre à une avocate ou un avocat"),
            Consent.STATISTICS: N_("Compter dans les statistiques, sans nom"),
            Consent.POLICE_ANONYMOUS: N_("Transmettre à la police, sans mon nom"),
            Consent.POLICE_NAMED: N_("Transmettre à la police, avec mon nom"),
            Consent.RESEARCH: N_("Servir à la recherche"),
        },
        Need: {
            Need.MEDICAL: N_("Médical, TPE"),
            Need.PSYCHOLOGIQUE: N_("Psychologique"),
            Need.JURIDIQUE: N_("Juridique, plainte"),
            Need.HEBERGEMENT: N_("Hébergement"),
            Need.ACCOMPAGNEMENT: N_("Accompagnement"),
            Need.INTERPRETE: N_("Interprète"),
            Need.AUCUN: N_("Aucun"),
        },
        Trait: {
            Trait.GENRE: N_("Genre apparent"),
            Trait.AGE: N_("Âge apparent"),
            Trait.TAILLE: N_("Taille"),
            Trait.CORPULENCE: N_("Corpulence"),
            Trait.CHEVEUX: N_("Cheveux"),
            Trait.YEUX: N_("Yeux"),
            Trait.BARBE: N_("Barbe"),
            Trait.CICATRICE: N_("Cicatrice"),
            Trait.TATOUAGE: N_("Tatouage"),
            Trait.LUNETTES: N_("Lunettes"),
            Trait.LANGUE: N_("Langue ou accent"),
            Trait.VEHICULE: N_("Véhicule"),
            Trait.VEHICULE_MARQUE: N_("Marque du véhicule"),
            Trait.VEHICULE_COULEUR: N_("Couleur du véhicule"),
        },
        Gender: {
            Gender.HOMME: N_("Homme"),
            Gender.FEMME: N_("Femme"),
            Gender.INDETERMINE: N_("Indéterminé"),
        },
        AgeBand: {
            AgeBand.MOINS_25: N_("Moins de 25 ans"),
            AgeBand.DE_25_A_34: N_("25 à 34 ans"),
            AgeBand.DE_35_A_44: N_("35 à 44 ans"),
            AgeBand.DE_45_A_54: N_("45 à 54 ans"),
            AgeBand.DE_55_A_64: N_("55 à 64 ans"),
            AgeBand.PLUS_65: N_("65 ans ou plus"),
        },
        HeightBand: {
            HeightBand.MOINS_165: N_("Moins de 1,65 m"),
            HeightBand.DE_165_A_174: N_("1,65 à 1,74 m"),
            HeightBand.DE_175_A_184: N_("1,75 à 1,84 m"),
            HeightBand.PLUS_185: N_("1,85 m ou plus"),
        },
        Build: {
            Build.MINCE: N_("Mince"),
            Build.MOYENNE: N_("Moyenne"),
            Build.FORTE: N_("Forte"),
            Build.MUSCLEE: N_("Musclée"),
        },
        Hair: {
            Hair.BRUNS: N_("Bruns"),
            Hair.NOIRS: N_("Noirs"),
            Hair.CHATAINS: N_("Châtains"),
            Hair.BLONDS: N_("Blonds"),
            Hair.ROUX: N_("Roux"),
            Hair.GRIS: N_("Gris"),
            Hair.BLANCS: N_("Blancs"),
            Hair.COLORES: N_("Colorés"),
            Hair.RASES: N_("Rasés"),
            Hair.CHAUVE: N_("Chauve"),
        },
        Eyes: {
            Eyes.MARRON: N_("Marron"),
            Eyes.BLEUS: N_("Bleus"),
            Eyes.VERTS: N_("Verts"),
            Eyes.GRIS: N_("Gris"),
        },
        Beard: {
            Beard.AUCUNE: N_("Aucune"),
            Beard.BARBE: N_("Barbe"),
            Beard.MOUSTACHE: N_("Moustache"),
            Beard.BOUC: N_("Bouc"),
        },
        Mark: {
            Mark.AUCUN: N_("Aucun visible"),
            Mark.VISAGE: N_("Visage"),
            Mark.COU: N_("Cou"),
            Mark.BRAS: N_("Bras"),
            Mark.MAINS: N_("Mains"),
            Mark.TORSE: N_("Torse"),
            Mark.DOS: N_("Dos"),
            Mark.JAMBES: N_("Jambes"),
        },
        Glasses: {
            Glasses.SANS: N_("Sans lunettes"),
            Glasses.DE_VUE: N_("Lunettes de vue"),
            Glasses.DE_SOLEIL: N_("Lunettes de soleil"),
        },
        Language: {
            Language.FRANCAIS: N_("Français"),
            Language.ANGLAIS: N_("Anglais"),
            Language.ARABE: N_("Arabe"),
            Language.ESPAGNOL: N_("Espagnol"),
            Language.PORTUGAIS: N_("Portugais"),
            Language.ITALIEN: N_("Italien"),
            Language.ALLEMAND: N_("Allemand"),
            Language.NEERLANDAIS: N_("Néerlandais"),
            Language.ROUMAIN: N_("Roumain"),
            Language.BULGARE: N_("Bulgare"),
            Language.RUSSE: N_("Russe"),
            Language.CHINOIS: N_("Chinois"),
            Language.TURC: N_("Turc"),
            Language.ALBANAIS: N_("Albanais"),
            Language.AUTRE: N_("Autre langue"),
        },
        Vehicle: {
            Vehicle.VOITURE: N_("Voiture"),
            Vehicle.CITADINE: N_("Citadine"),
            Vehicle.BERLINE: N_("Berline"),
            Vehicle.BREAK: N_("Break"),
            Vehicle.SUV: N_("SUV ou 4x4"),
            Vehicle.UTILITAIRE: N_("Utilitaire ou fourgon"),
            Vehicle.CAMION: N_("Camion"),
            Vehicle.MOTO: N_("Moto"),
            Vehicle.SCOOTER: N_("Scooter"),
            Vehicle.VELO: N_("Vélo ou trottinette"),
            Vehicle.TAXI: N_("Taxi ou VTC"),
            Vehicle.AUTRE: N_("Autre véhicule"),
        },
        VehicleMake: {
            VehicleMake.RENAULT: N_("Renault"),
            VehicleMake.PEUGEOT: N_("Peugeot"),
            VehicleMake.CITROEN: N_("Citroën"),
            VehicleMake.DACIA: N_("Dacia"),
            VehicleMake.VOLKSWAGEN: N_("Volkswagen"),
            VehicleMake.AUDI: N_("Audi"),
            VehicleMake.BMW: N_("BMW"),
            VehicleMake.MERCEDES: N_("Mercedes"),
            VehicleMake.OPEL: N_("Opel"),
            VehicleMake.FORD: N_("Ford"),
            VehicleMake.FIAT: N_("Fiat"),
            VehicleMake.SEAT: N_("Seat"),
            VehicleMake.SKODA: N_("Skoda"),
            VehicleMake.TOYOTA: N_("Toyota"),
            VehicleMake.NISSAN: N_("Nissan"),
            VehicleMake.HYUNDAI: N_("Hyundai"),
            VehicleMake.KIA: N_("Kia"),
            VehicleMake.VOLVO: N_("Volvo"),
            VehicleMake.MINI: N_("Mini"),
            VehicleMake.TESLA: N_("Tesla"),
            VehicleMake.AUTRE: N_("Autre marque"),
        },
        VehicleColour: {
            VehicleColour.NOIR: N_("Noir"),
            VehicleColour.BLANC: N_("Blanc"),
            VehicleColour.GRIS: N_("Gris"),
            VehicleColour.BLEU: N_("Bleu"),
            VehicleColour.ROUGE: N_("Rouge"),
            VehicleColour.VERT: N_("Vert"),
            VehicleColour.JAUNE: N_("Jaune"),
            VehicleColour.ORANGE: N_("Orange"),
            VehicleColour.MARRON: N_("Marron"),
            VehicleColour.BEIGE: N_("Beige"),
            VehicleColour.AUTRE: N_("Autre couleur"),
        },
    }
)
"""Vocabulary, then word, to the French text."""


def label(word: Coded) -> str:
    """Return the French text of a word: the key of its translation."""
    return LABELS[type(word)][word]


def shown(word: Coded | Unknown, translate: Callable[[str], str]) -> str:
    """Return what a person reads for `word` in the language of `translate` (a gettext)."""
    if isinstance(word, Unknown):
        return translate(UNKNOWN) % {"code": word.wire}
    return translate(label(word))
