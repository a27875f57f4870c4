"""What every closed vocabulary is made of: words with a stable slug and a stable wire integer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Self

from protocol.errors import VocabularyError

VERSION: Final = 1
"""Of all vocabularies together. It grows when a word is added; a word's code never changes."""

HIGHEST_WIRE: Final = 255
"""Codes are 1 to 255, so that the largest notice still fits its fixed size."""


class NotAWordError(VocabularyError):
    """A slug or an integer names no word of this vocabulary."""

    code: ClassVar[str] = "vocabulary-code"


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A word of a newer vocabulary, kept as its wire integer and shown as "unknown code N"."""

    wire: int


class Coded(StrEnum):
    """Base of the vocabularies: a member is its slug (ASCII), and has a wire integer.

    Members of two vocabularies may share a slug ("autre") and then compare equal, as strings do:
    never put members of different vocabularies into one set or into one mapping's keys.
    """

    wire: int

    def __new__(cls, slug: str, wire: int) -> Self:
        """Make the member of `NAME = slug, wire`."""
        member = str.__new__(cls, slug)
        member._value_ = slug
        member.wire = wire
        return member

    @classmethod
    def named(cls, slug: str) -> Self:
        """Return the word with this slug.

        Raises:
            NotAWordError: no such word.
        """
        for word in cls:
            if word.value == slug:
                return word
        raise NotAWordError(f"{cls.__name__} has no such word.")

    @classmethod
    def from_wire(cls, wire: int) -> Self:
        """Return the word with this wire integer.

        Raises:
            NotAWordError: no such word in this version's vocabulary.
        """
        for word in cls:
            if word.wire == wire:
                return word
        raise NotAWordError(f"{cls.__name__} has no word with code {wire}.")

    @classmethod
    def from_newer(cls, wire: int) -> Self | Unknown:
        """Return the word with this wire integer, or the integer kept as `Unknown`.

        Only for what announces a vocabulary newer than VERSION.

        Raises:
            NotAWordError: not between 1 and HIGHEST_WIRE.
        """
        if not 1 <= wire <= HIGHEST_WIRE:
            raise NotAWordError(f"A code is between 1 and {HIGHEST_WIRE}.")
        return next((word for word in cls if word.wire == wire), Unknown(wire))
