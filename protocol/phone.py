"""The reader of kind `phone/1`: any spelling of a phone number to E.164.

The numbering tables are those of phonenumberslite, pinned exactly: an upgrade that changes an
output of tests/vectors/identifiers/ is a new version of the kind, never a silent change.
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from protocol.readings import (
    CharactersError,
    CountryNeededError,
    EmptyError,
    ExtensionError,
    Identifier,
    LettersError,
    NotPossibleError,
    Reading,
    Readings,
    RegionError,
)
from protocol.scripts import clean

PHONE: Final = "phone/1"

OVERSEAS: Final = ("RE", "YT", "GP", "MQ", "GF", "PM", "BL", "MF", "NC", "PF", "WF")
REGION_ORDER: Final = ("FR", "BE", *OVERSEAS)
"""Tried after the association's own region, always in this order."""

MOST_CANDIDATES: Final = 2

_FICTIONAL: Final = ("+3363998", "+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
"""Blocks of 10,000 numbers that the French regulator reserves for fiction.

The tables call the mobile block invalid. It counts as French here, so that a Belgian association
that trains with such a number gets the French reading, as it does for a number in service.
"""

_LABEL: Final = re.compile(
    r"\A(?:(?:t[eé]l(?:[eé]phone)?|phone|mob(?:ile)?|port(?:able)?|num(?:[eé]ro)?|n°|whatsapp)"
    r"[.]? ?:?|sms:|callto:|[☎☏✆📞📱]) ?",
    re.IGNORECASE,
)
_EXTENSION: Final = re.compile(
    r"[0-9)][ .,;:()-]*(?:extension|ext|poste|x|;|,,)[ .:=()-]*[0-9]", re.IGNORECASE
)
_SPELLING: Final = re.compile(r"[- .:(\[]*\+?[-0-9 .,:/\\()\[\]·•。]*")
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")


def read_phone(text: str, region: str | None, default_region: str) -> Readings:
    """Return the readings of a phone number; arguments as in `protocol.identifiers.read`.

    A number that carries its country (+33, 0033) has one reading whatever region was picked:
    what is written outranks a menu's setting.

    Raises:
        IdentifierError: each subclass of protocol.readings but UnknownKindError.
    Source: design section 4; docs/spec/identifiers.md#reading-a-number.
    """
    home = _known(default_region if region is None else region)
    dialled = _dialled(clean(text))
    own = _parse(dialled, home)
    found = {} if region is not None else _valid(dialled, home)
    if len(found) > MOST_CANDIDATES:
        raise CountryNeededError("This number exists in several countries: say which.")
    if found:
        return Readings(tuple(found.values()))
    if own is None:
        raise NotPossibleError(
            "No number there has this many digits: check it, or begin with + and the country code."
        )
    return Readings((_reading(own, home),))


def _known(region: str) -> str:
    name = region.upper()
    if name not in phonenumbers.SUPPORTED_REGIONS:
        raise RegionError("This country is unknown: give its two-letter code.")
    return name


def _dialled(cleaned: str) -> str:
    """Return digits with at most one leading plus, or refuse: nothing is guessed or dropped."""
    spelled = _LABEL.sub("", cleaned)
    if _EXTENSION.search(spelled):
        raise ExtensionError("This number has an extension: give the outside number alone.")
    if any(map(str.isalpha, spelled)):
        raise LettersError("A number has no letters: type zero as 0, and every hidden digit.")
    # Dots in a row are how a screen cuts a number that it has no room for.
    if not _SPELLING.fullmatch(spelled) or ".." in spelled:
        raise CharactersError("A number holds digits, spaces, dots and dashes: remove the rest.")
    digits = _NOT_A_DIGIT.sub("", spelled)
    if not digits:
        raise EmptyError("No digit was typed: give a number.")
    return "+" + digits if "+" in spelled else digits


def _parse(dialled: str, region: str) -> PhoneNumber | None:
    """Return the number that this dials from `region`, or None where none has its length."""
    try:
        number = phonenumbers.parse(dialled, region)
    except NumberParseException:
        return None
    # is_possible_number would also let through local numbers that lack their area code.
    verdict = phonenumbers.is_possible_number_with_reason(number)
    return number if verdict == ValidationResult.IS_POSSIBLE else None


def _valid(dialled: str, home: str) -> dict[str, Reading]:
    """Return the valid readings by normal form: `home` first, then REGION_ORDER.

    Regions that share a country code (Réunion and Mayotte) give one normal form, so one reading.
    """
    found: dict[str, Reading] = {}
    for region in (home, *REGION_ORDER):
        number = _parse(dialled, region)
        if number is not None:
            reading = _reading(number, region)
            if reading.valid:
                found[reading.identifier.text] = reading
    return found


def _reading(number: PhoneNumber, dialled_from: str) -> Reading:
    text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    valid = phonenumbers.is_valid_number(number) or text.startswith(_FICTIONAL)
    return Reading(Identifier(PHONE, text), _region(number, dialled_from), valid)


def _region(number: PhoneNumber, dialled_from: str) -> str | None:
    """Return the number's region; for one that the tables miss, the likeliest of its code."""
    code = number.country_code or 0
    if phonenumbers.country_code_for_region(dialled_from) == code:
        likeliest = dialled_from
    else:
        likeliest = phonenumbers.region_code_for_country_code(code)
    region = phonenumbers.region_code_for_number(number) or likeliest
    return None if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region
