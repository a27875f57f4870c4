"""What a report holds: as a person hands it in, and as it lies sealed in the vault.

No class here shows its content in `repr`, and no validation error repeats what was typed: this is
where numbers and stories are, and log lines are made of `repr`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from node.errors import InvalidError
from protocol.areas import is_area
from protocol.coded import Coded, NotAWordError, Unknown
from protocol.description import TRAITS, Trait
from protocol.identifiers import PHONE
from protocol.message import Hex32, Message, Month
from protocol.notice import Notice
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

MAX_IDENTIFIERS: Final = 5
MAX_TYPED: Final = 256
"""Characters of one identifier as typed; its reader refuses most long before."""
MAX_NARRATIVE: Final = 20_000
"""Characters: about ten pages."""

KINDS: Final[Mapping[str, str]] = {"phone": PHONE}
"""What people write for a kind, to the kind of today's normaliser."""


class Status(StrEnum):
    """Where a report stands."""

    PENDING = "pending"
    APPROVED = "approved"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def live(self) -> bool:
        """Whether the report still says something; the others have lost their content."""
        return self not in (Status.REFUSED, Status.WITHDRAWN)


class Decision(StrEnum):
    """What one person decided about one report."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class _Hidden(BaseModel):
    """Keeps its content out of `repr`, `str` and error texts."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class IdentifierDraft(_Hidden):
    """One identifier as typed. `region` is the country that a person picked, if one was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    text: Annotated[str, Field(min_length=1, max_length=MAX_TYPED)]
    kind: Annotated[str, Field(max_length=32)] = "phone"
    region: Annotated[str, Field(max_length=8)] | None = None


class _Said(_Hidden):
    """The coded part and the story, the same in a draft and in the vault."""

    severity: Severity
    violence: Annotated[tuple[Violence, ...], Field(min_length=1, max_length=len(Violence))]
    perpetrator: Perpetrator | None = None
    place: PlaceType | None = None
    time: TimeOfDay | None = None
    relation: Relation | None = None
    month: Month | None = None
    area: str | None = None
    description: dict[Trait, str] = {}
    """Trait to the slug of a word of its vocabulary."""
    narrative: Annotated[str, Field(max_length=MAX_NARRATIVE)] = ""
    knowledge: Knowledge = Knowledge.FIRST_HAND
    needs: Annotated[tuple[Need, ...], Field(max_length=len(Need))] = ()

    @field_validator("area")
    @classmethod
    def _known_area(cls, area: str | None) -> str | None:
        if area is not None and not is_area(area):
            msg = "no such area"
            raise ValueError(msg)
        return area

    @model_validator(mode="after")
    def _known_words(self) -> Self:
        for trait, slug in self.description.items():
            try:
                TRAITS[trait].named(slug)
            except NotAWordError:
                msg = "no such word"
                raise ValueError(msg) from None
        return self

    def described(self) -> Mapping[Trait | Unknown, Coded | Unknown]:
        """Return the description as words of the vocabularies."""
        return {trait: TRAITS[trait].named(slug) for trait, slug in self.description.items()}


class ReportDraft(_Said):
    """A report as handed in, by form or by JSON. Every consent is "no" unless given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    identifiers: Annotated[
        tuple[IdentifierDraft, ...], Field(min_length=1, max_length=MAX_IDENTIFIERS)
    ]
    consents: dict[Consent, bool] = {}
    once: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None
    """16 random bytes of the sender's, hexadecimal. The same draft sent again with the same value,
    by a second tap or after a lost answer, is the same report; another draft is another report."""


class Named(_Hidden, Message):
    """One identifier in its normal form, with what was typed: people recognise their own words."""

    model_config = ConfigDict(hide_input_in_errors=True)

    kind: str
    text: str
    typed: str
    region: str | None = None


class ReportContent(_Said, Message):
    """What is sealed in a report's row."""

    model_config = ConfigDict(hide_input_in_errors=True)

    v: Literal[1] = 1
    author: str
    """Account id."""
    identifiers: tuple[Named, ...]
    consents: tuple[Consent, ...] = ()
    """Those that were given."""

    @property
    def federated(self) -> bool:
        """Whether an announcement may be made of it: its author consented, and it is grave."""
        return (
            Consent.FEDERATED_TAG in self.consents
            and self.severity.federated
            and any(violence.federated for violence in self.violence)
        )

    def notice(self) -> Notice:
        """Return what this one report would have its association say. Codes only."""
        return Notice(
            severity=self.severity,
            violence=tuple(word for word in self.violence if word.federated),
            perpetrator=self.perpetrator,
            place=self.place,
            time=self.time,
            relation=self.relation,
            month=self.month,
            area=self.area,
            description=self.described(),
            knowledge=self.knowledge,
            contact=Consent.CONTACT in self.consents,
        )


class ApprovalContent(_Hidden, Message):
    """What is sealed in an approval's row: whose it is, and of which day."""

    v: Literal[1] = 1
    account: str
    """Account id."""
    day: int
    """Unix seconds, rounded down to the day."""


class SubjectContent(_Hidden, Message):
    """What is sealed in a subject's row: an identifier, and Z once it was evaluated."""

    model_config = ConfigDict(hide_input_in_errors=True)

    v: Literal[1] = 1
    kind: str
    text: str
    z: Hex32 | None = None
    generation: int | None = None


def read_draft(fields: Mapping[str, object]) -> ReportDraft:
    """Return the draft in `fields`, the JSON shape of a report.

    Raises:
        InvalidError: its `fields` maps the path of each bad field to a code.
    """
    try:
        return ReportDraft.model_validate(fields)
    except ValidationError as error:
        raise InvalidError(field_codes(error)) from None


def field_codes(error: ValidationError) -> dict[str, str]:
    """Return a stable code for each field that pydantic refused: `required`, `size` or `value`."""
    codes = {}
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        kind = detail["type"]
        path = ".".join(str(part) for part in detail["loc"])
        codes[path] = (
            "required"
            if kind == "missing"
            else "size"
            if kind.endswith(("too_short", "too_long"))
            else "value"
        )
    return codes
