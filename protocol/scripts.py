"""From pasted text to ASCII digits and plain signs, whatever script it was typed in."""

import unicodedata
from typing import Final

from protocol.readings import EmptyError, TooLongError

RAW_LIMIT: Final = 1024
"""Characters accepted before any work is done: NFKC makes some texts many times longer."""

CLEAN_LIMIT: Final = 64
"""Characters accepted once cleaned. The most generous spelling of a number stays below 40."""

_KEYCAP: Final = "\N{COMBINING ENCLOSING KEYCAP}"
_MINUS_SIGN: Final = "\N{MINUS SIGN}"
_HEAVY_PLUS: Final = "\N{HEAVY PLUS SIGN}"


def clean(text: str) -> str:
    """Return `text` in compatibility form, with ASCII digits and nothing invisible in it.

    NFKC folds full-width and circled signs. Digits of every script become 0 to 9, each dash a
    hyphen, each run of spaces one space. Format characters (bidi marks and embeddings,
    zero-width, soft hyphen) go, and the marks that make a picture of a digit. Letters stay:
    judging them is the reader's business.

    Raises:
        EmptyError: nothing visible is left.
        TooLongError: over RAW_LIMIT characters as given, or over CLEAN_LIMIT cleaned.
    Source: docs/spec/identifiers.md#cleaning.
    """
    if len(text) > RAW_LIMIT:
        raise TooLongError("This is too long: give one number at a time.")
    folded = "".join(map(_fold, unicodedata.normalize("NFKC", text)))
    cleaned = " ".join(folded.split())
    if not cleaned:
        raise EmptyError("Nothing was typed: give a number.")
    if len(cleaned) > CLEAN_LIMIT:
        raise TooLongError("This is too long: give one number at a time.")
    return cleaned


def _fold(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Cf" or character == _KEYCAP or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Pd" or character == _MINUS_SIGN:
        return "-"
    return "+" if character == _HEAVY_PLUS else character
