"""A notice in the clear: its fields, and its one form of exactly 472 bytes.

The bytes are canonical JSON of integers under one-letter keys, then 0x80 and zeros. Fields that
are not stated are left out. Source: docs/spec/vocabulary.md#the-notice.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from protocol import canonical
from protocol.areas import AreaError, is_area, is_newer_area
from protocol.coded import HIGHEST_WIRE, VERSION, Coded, NotAWordError, Unknown
from protocol.description import TRAITS, Trait
from protocol.errors import CanonicalError, NoticeError
from protocol.vocabulary import (
    Knowledge,
    Perpetrator,
    PlaceType,
    Relation,
    Severity,
    TimeOfDay,
    Violence,
)

PLAIN_SIZE: Final = 472
"""Bytes of every encoded notice; sealing adds 40 and makes it 512."""

MOST_INCIDENTS: Final = 99
"""99 means 99 or more."""

_MOST_WORDS: Final = 24
"""Most violences, and most traits: with three-digit codes they still fit."""

_MOST_VOCABULARY: Final = 999
_END: Final = b"\x80"


class NotFederatedError(NoticeError):
    """This severity or violence never leaves its association."""

    code: ClassVar[str] = "notice-not-federated"


def _in_wire_order(words: tuple[Violence | Unknown, ...]) -> tuple[Violence | Unknown, ...]:
    return tuple(sorted(set(words), key=lambda word: word.wire))


def _frozen(
    described: Mapping[Trait | Unknown, Coded | Unknown],
) -> Mapping[Trait | Unknown, Coded | Unknown]:
    return MappingProxyType(dict(sorted(described.items(), key=lambda item: item[0].wire)))


Violences = Annotated[
    tuple[Violence | Unknown, ...],
    Field(min_length=1, max_length=_MOST_WORDS),
    AfterValidator(_in_wire_order),
]
Description = Annotated[
    Mapping[Trait | Unknown, Coded | Unknown],
    Field(max_length=_MOST_WORDS),
    AfterValidator(_frozen),
    PlainSerializer(dict),
]
_TraitKey = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")]


_SINGLE: Final[Mapping[str, tuple[str, type[Coded]]]] = MappingProxyType(
    {
        "s": ("severity", Severity),
        "p": ("perpetrator", Perpetrator),
        "l": ("place", PlaceType),
        "t": ("time", TimeOfDay),
        "r": ("relation", Relation),
        "k": ("knowledge", Knowledge),
    }
)
"""Fields of at most one word: wire key to field name and vocabulary."""


class Notice(BaseModel):
    """What one association says about one number. Immutable, no coercion, no free text.

    `Unknown` words appear only where `vocabulary` is newer than ours: a match must still be
    shown then, with "unknown code N" in their place (P7). In our own version they are refused.

    Raises:
        pydantic.ValidationError: a field of another type or out of range: our own code's bug.
        NotAWordError: a word that its vocabulary does not hold.
        AreaError: an area that the vocabulary does not hold.
        NotFederatedError: a severity or violence that never leaves its association.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    vocabulary: int = Field(default=VERSION, ge=1, le=_MOST_VOCABULARY)
    severity: Severity | Unknown
    violence: Violences
    perpetrator: Perpetrator | Unknown | None = None
    place: PlaceType | Unknown | None = None
    time: TimeOfDay | Unknown | None = None
    relation: Relation | Unknown | None = None
    month: str | None = Field(default=None, pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    area: str | None = None
    description: Description = Field(default_factory=dict, validate_default=True)
    incidents: int = Field(default=1, ge=1, le=MOST_INCIDENTS)
    knowledge: Knowledge | Unknown
    contact: bool = False

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        newer = self.vocabulary > VERSION
        for vocabulary, word in self._words():
            if not _belongs(vocabulary, word, newer=newer):
                raise NotAWordError(f"A word is not in vocabulary {self.vocabulary}.")
            if isinstance(word, Severity | Violence) and not word.federated:
                raise NotFederatedError("This is kept at its association and never announced.")
        if not (self.area is None or is_area(self.area) or (newer and is_newer_area(self.area))):
            raise AreaError(f"The area is not in vocabulary {self.vocabulary}.")
        return self

    def _words(self) -> Iterator[tuple[type[Coded] | None, Coded | Unknown]]:
        """Yield each word with its vocabulary; an unknown trait's word has none (None)."""
        for name, vocabulary in _SINGLE.values():
            word = getattr(self, name)
            if word is not None:
                yield vocabulary, word
        for violence in self.violence:
            yield Violence, violence
        for trait, word in self.description.items():
            yield Trait, trait
            yield _vocabulary_of(trait), word


def encode(notice: Notice) -> bytes:
    """Return the 472 bytes that `decode` turns back into `notice`."""
    wire: dict[str, object] = {
        "v": notice.vocabulary,
        "x": [word.wire for word in notice.violence],
        "n": notice.incidents,
        "c": int(notice.contact),
    }
    for key, (name, _) in _SINGLE.items():
        word = getattr(notice, name)
        if word is not None:
            wire[key] = word.wire
    if notice.month is not None:
        wire["m"] = notice.month
    if notice.area is not None:
        wire["a"] = notice.area
    if notice.description:
        wire["d"] = {str(trait.wire): word.wire for trait, word in notice.description.items()}
    return (canonical.dumps(wire) + _END).ljust(PLAIN_SIZE, b"\0")


class _Wire(BaseModel):
    """The types of the JSON object; meanings and ranges are Notice's to check."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    v: int
    s: int
    x: list[int]
    k: int
    n: int
    c: int
    p: int | None = None
    l: int | None = None  # noqa: E741  # a key on the wire
    t: int | None = None
    r: int | None = None
    m: str | None = None
    a: str | None = None
    d: dict[_TraitKey, int] = Field(default_factory=dict)


def decode(plain: bytes) -> Notice:
    """Return the notice that these 472 bytes encode, if they are its only encoding.

    Raises:
        NoticeError: wrong size or padding, not canonical, a field missing, unknown, of another
            type or out of range. Its evidence is empty: what was sealed stays out of errors.
        VocabularyError: a word or an area that the stated vocabulary does not hold.
    """
    if len(plain) != PLAIN_SIZE:
        raise NoticeError(f"A notice is exactly {PLAIN_SIZE} bytes.")
    body = plain.rstrip(b"\0").removesuffix(_END)
    try:
        notice = _notice(_Wire.model_validate(canonical.loads(body, PLAIN_SIZE)))
    except (CanonicalError, ValidationError):
        raise NoticeError("The content is not a notice.") from None
    # This is also the check of the padding.
    if encode(notice) != plain:
        raise NoticeError("The notice is not in its only form.")
    return notice


def _notice(wire: _Wire) -> Notice:
    newer = wire.v > VERSION
    fields: dict[str, object] = {}
    for key, (name, vocabulary) in _SINGLE.items():
        code = getattr(wire, key)
        fields[name] = None if code is None else _word(vocabulary, code, newer=newer)
    traits = {_word(Trait, int(key), newer=newer): code for key, code in wire.d.items()}
    return Notice.model_validate(
        {
            **fields,
            "vocabulary": wire.v,
            "violence": tuple(_word(Violence, code, newer=newer) for code in wire.x),
            "month": wire.m,
            "area": wire.a,
            "description": {
                trait: _word(_vocabulary_of(trait), code, newer=newer)
                for trait, code in traits.items()
            },
            "incidents": wire.n,
            "contact": wire.c != 0,
        }
    )


def _word(vocabulary: type[Coded] | None, wire: int, *, newer: bool) -> Coded | Unknown:
    if vocabulary is None:
        return Unknown(wire)
    return vocabulary.from_newer(wire) if newer else vocabulary.from_wire(wire)


def _vocabulary_of(trait: Coded | Unknown) -> type[Coded] | None:
    return TRAITS[trait] if isinstance(trait, Trait) else None


def _belongs(vocabulary: type[Coded] | None, word: Coded | Unknown, *, newer: bool) -> bool:
    if isinstance(word, Unknown):
        known = () if vocabulary is None else tuple(vocabulary)
        return newer and 1 <= word.wire <= HIGHEST_WIRE and word.wire not in {w.wire for w in known}
    return vocabulary is not None and isinstance(word, vocabulary)
