"""What people are shown: one shape for pages, JSON API and command line.

In Python a word of a vocabulary is the word itself, so that pages can translate it; in JSON it is
its slug. Times are Unix seconds.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from node.services.model import Decision, Status
from protocol.answer import Unsearched, Verdict
from protocol.coded import Coded
from protocol.coded import Unknown as UnknownWord
from protocol.description import Trait
from protocol.lookup import Fault
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


class View(BaseModel):
    """Immutable; its content stays out of `repr`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class NoticeJson(BaseModel):
    """A notice in JSON: slugs; a word of a newer vocabulary is `unknown-N`."""

    vocabulary: int
    severity: str
    violence: list[str]
    perpetrator: str | None
    place: str | None
    time: str | None
    relation: str | None
    month: str | None
    area: str | None
    description: dict[str, str]
    incidents: int
    knowledge: str
    contact: bool


def _slug(word: Coded | UnknownWord) -> str:
    return f"unknown-{word.wire}" if isinstance(word, UnknownWord) else word.value


def notice_json(notice: Notice) -> NoticeJson:
    """Return `notice` with each word as its slug."""

    def optional(word: Coded | UnknownWord | None) -> str | None:
        return None if word is None else _slug(word)

    return NoticeJson(
        vocabulary=notice.vocabulary,
        severity=_slug(notice.severity),
        violence=[_slug(word) for word in notice.violence],
        perpetrator=optional(notice.perpetrator),
        place=optional(notice.place),
        time=optional(notice.time),
        relation=optional(notice.relation),
        month=notice.month,
        area=notice.area,
        description={_slug(trait): _slug(word) for trait, word in notice.description.items()},
        incidents=notice.incidents,
        knowledge=_slug(notice.knowledge),
        contact=notice.contact,
    )


ShownNotice = Annotated[Notice, PlainSerializer(notice_json, return_type=NoticeJson)]


class IdentifierView(View):
    """An identifier of one's own report: normal form, and as it was typed."""

    kind: str
    text: str
    typed: str
    region: str | None


class DecisionView(View):
    """Who decided what, on which day. Only approvals are kept, and only with their report."""

    account: str
    decision: Decision
    at: int
    """Start of the UTC day."""


class ReportSummary(View):
    """One line of a list. Of a refused or withdrawn report only `id`, `status`, `created` stay."""

    id: str
    status: Status
    created: int
    """Start of the UTC day on which it was handed in."""
    identifiers: tuple[IdentifierView, ...] = ()
    severity: Severity | None = None
    violence: tuple[Violence, ...] = ()
    month: str | None = None
    area: str | None = None
    author: str | None = None
    """Name of the account that handed it in."""
    mine: bool = False
    federated: bool = False
    """Whether it is announced to other associations once approved."""
    approvals: int = 0
    approvals_needed: int = 1


class ReportView(ReportSummary):
    """One report, and what the person who looks at it may do with it."""

    perpetrator: Perpetrator | None = None
    place: PlaceType | None = None
    time: TimeOfDay | None = None
    relation: Relation | None = None
    description: dict[Trait, str] = {}
    narrative: str = ""
    consents: tuple[Consent, ...] = ()
    knowledge: Knowledge | None = None
    needs: tuple[Need, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    may_approve: bool = False
    may_refuse: bool = False
    may_withdraw: bool = False


class CandidateView(View):
    """One way in which what was typed was read, and searched."""

    kind: str
    text: str
    region: str | None


class MatchView(View):
    """One association's notice about one identifier."""

    association: str
    name: str
    contact: str
    disputed: bool
    notice: ShownNotice | None
    """None while disputed, or if it does not open: it still matches."""
    age_months: int | None
    """Months since the incident that the notice dates; None if it gives no month."""
    candidate: str | None = None
    """Normal form of the reading that matched, in a lookup."""
    key: str | None = None
    """Names the match in `POST /matches/{key}/seen`; None in a lookup."""
    reports: tuple[str, ...] = ()
    """Own reports about the same identifier."""
    seen: bool = False


class GapView(View):
    """What was not searched. `member` is None for the whole network."""

    member: str | None
    name: str | None
    reason: Unsearched


class LookupView(View):
    """The answer to one question."""

    answer: Verdict
    candidates: tuple[CandidateView, ...]
    matches: tuple[MatchView, ...]
    not_searched: tuple[GapView, ...]
    searched_until: int | None
    own_reports: tuple[str, ...]


class MatchesView(View):
    """Own reports whose identifier another association has announced too."""

    matches: tuple[MatchView, ...]


class PullView(View):
    """How the last attempt to read a member's log ended."""

    at: int
    error: str | None
    """Stable code of what stopped it; None if nothing did."""
    refusal: str | None
    """When the member's node refused: the code that it gave."""


class MemberView(View):
    """One member as this node sees it."""

    id: str
    name: str
    url: str
    contact: str
    own: bool
    custodian: bool
    head_time: int | None
    """When its last verified head was cosigned."""
    entries: int
    lag: int
    """Entries of its last verified head that are not applied here yet."""
    missing: int
    quarantine: str | None
    not_searched: Unsearched | None
    """Why a lookup is INCOMPLETE for this member, if it is."""
    fault: Fault | None
    """What was wrong with its evaluations; docs/spec/evaluation.md says how long that counts."""
    pulled: PullView | None = None
    """None for this node itself, and before the first attempt since it started."""
    asked_today: int
    """Elements that this node evaluated for it today."""


LockState = Literal["open", "locked", "none"]


class NetworkView(View):
    """The network as this node sees it."""

    network: str
    member: str
    name: str
    now: int
    threshold: int
    custodians: int
    quota_daily: int
    max_silence: int
    boot: LockState
    custody: LockState
    vault: LockState
    members: tuple[MemberView, ...]
    complete: bool
    """Whether a lookup made now could answer NO_MATCH, if the custodians answer."""
