"""What a typed identifier can turn into: an identifier, a reading of it, one or two readings.

An identifier is the one thing that must never reach a log, an exception text or a URL (P1, P5):
`repr` and `str` of every type here show its kind and country at most.
"""

from dataclasses import dataclass
from typing import ClassVar

from protocol.errors import IdentifierError


class UnknownKindError(IdentifierError):
    """No reader exists for this kind of identifier."""

    code: ClassVar[str] = "identifier-kind"


class EmptyError(IdentifierError):
    """Nothing was typed, or nothing that can be seen."""

    code: ClassVar[str] = "identifier-empty"


class TooLongError(IdentifierError):
    """More was typed than one identifier can hold."""

    code: ClassVar[str] = "identifier-too-long"


class LettersError(IdentifierError):
    """Letters stand where only digits can be."""

    code: ClassVar[str] = "identifier-letters"


class CharactersError(IdentifierError):
    """A sign stands there that no phone number holds: a star, a hash, the dots of a cut text."""

    code: ClassVar[str] = "identifier-characters"


class ExtensionError(IdentifierError):
    """The number carries an extension, which is another person's or nobody's."""

    code: ClassVar[str] = "identifier-extension"


class RegionError(IdentifierError):
    """The region is not a country or territory with phone numbers of its own."""

    code: ClassVar[str] = "identifier-region"


class NotPossibleError(IdentifierError):
    """No number has this many digits there."""

    code: ClassVar[str] = "identifier-not-possible"


class CountryNeededError(IdentifierError):
    """The number exists in three countries or more, and none was named."""

    code: ClassVar[str] = "identifier-country-needed"


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """A kind with its normaliser's version ("phone/1"), and the normal form ("+33639980123").

    Two spellings mean one number exactly when both fields are equal.
    """

    kind: str
    text: str

    def __repr__(self) -> str:
        return f"<Identifier {self.kind}>"


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """One way to read what was typed.

    `region` is the two-letter code of the country or overseas region, None for a number that
    belongs to no country (+800). `valid` says that this country's plan holds the number, by
    tables that change every month: it orders readings and never refuses one.
    """

    identifier: Identifier
    region: str | None
    valid: bool

    def __repr__(self) -> str:
        return f"<Reading {self.identifier.kind} {self.region or 'no country'}>"


@dataclass(frozen=True, slots=True)
class Readings:
    """One or two readings with different identifiers, in a stable order, the likelier first.

    A lookup searches all of them. A report, which must name one number, asks which.
    """

    candidates: tuple[Reading, ...]
