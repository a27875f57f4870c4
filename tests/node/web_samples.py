"""Reports, notices and answers that pages are tried with. Numbers of the fictional range only."""

from node.services.model import Decision, Status
from node.services.views import (
    CandidateView,
    DecisionView,
    GapView,
    IdentifierView,
    LookupView,
    MatchView,
    ReportView,
)
from protocol.answer import Unsearched, Verdict
from protocol.description import AgeBand, Hair, Trait
from protocol.notice import Notice
from protocol.vocabulary import (
    Consent,
    Knowledge,
    Perpetrator,
    PlaceType,
    Severity,
    TimeOfDay,
    Violence,
)
from tests.node.web_fixture import NOW

STORY = "Il a refusé le préservatif puis il est devenu violent.\nVoiture grise, seul."
TYPED = "06 39 98 01 23"


def report(number: int = 1, **changes: object) -> ReportView:
    """Return a report that waits for its first approval, but for `changes`."""
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "status": Status.PENDING,
        "created": NOW - NOW % 86_400,
        "identifiers": (
            IdentifierView(kind="phone/1", text="+33639980123", typed=TYPED, region="FR"),
        ),
        "severity": Severity.DANGEREUX,
        "violence": (Violence.PRESERVATIF, Violence.AGRESSION_PHYSIQUE),
        "month": "2026-10",
        "area": "69383",
        "author": "Inès",
        "mine": False,
        "federated": True,
        "approvals": 0,
        "approvals_needed": 2,
        "perpetrator": Perpetrator.CLIENT,
        "place": PlaceType.HOTEL,
        "time": TimeOfDay.NUIT,
        "description": {Trait.CHEVEUX: "bruns", Trait.AGE: "de_35_a_44"},
        "narrative": STORY,
        "consents": (Consent.KEEP_LOCAL, Consent.FEDERATED_TAG),
        "knowledge": Knowledge.FIRST_HAND,
        "may_approve": True,
        "may_refuse": True,
        "may_withdraw": True,
    }
    return ReportView.model_validate(values | changes)


def approved_once(number: int = 2, **changes: object) -> ReportView:
    """Return a report that a first person approved."""
    decisions = (DecisionView(account="Maud", decision=Decision.APPROVE, at=NOW - 600),)
    values: dict[str, object] = {"approvals": 1, "decisions": decisions}
    return report(number, **(values | changes))


def notice(**changes: object) -> Notice:
    """Return what another association says, but for `changes`."""
    values: dict[str, object] = {
        "severity": Severity.TRES_DANGEREUX,
        "violence": (Violence.AGRESSION_PHYSIQUE, Violence.SEQUESTRATION),
        "perpetrator": Perpetrator.CLIENT,
        "place": PlaceType.DOMICILE_CLIENT,
        "time": TimeOfDay.SOIR,
        "month": "2026-04",
        "area": "31",
        "description": {Trait.AGE: AgeBand.DE_35_A_44, Trait.CHEVEUX: Hair.BRUNS},
        "incidents": 2,
        "knowledge": Knowledge.FIRST_HAND,
        "contact": True,
    }
    return Notice.model_validate(values | changes)


def match(**changes: object) -> MatchView:
    """Return a match at Grisélidis, but for `changes`."""
    values: dict[str, object] = {
        "association": "griselidis",
        "name": "Grisélidis",
        "contact": "05 36 49 00 00",
        "disputed": False,
        "notice": notice(),
        "age_months": 7,
        "candidate": "+33639980123",
    }
    return MatchView.model_validate(values | changes)


def found(**changes: object) -> LookupView:
    """Return the answer MATCH: two associations and one's own report."""
    values: dict[str, object] = {
        "answer": Verdict.MATCH,
        "candidates": (CandidateView(kind="phone/1", text="+33639980123", region="FR"),),
        "matches": (
            match(),
            match(
                association="strass",
                name="STRASS",
                contact="",
                disputed=True,
                notice=None,
                age_months=None,
            ),
        ),
        "not_searched": (),
        "searched_until": NOW - 42,
        "own_reports": (f"{1:032x}",),
    }
    return LookupView.model_validate(values | changes)


def incomplete(**changes: object) -> LookupView:
    """Return the answer INCOMPLETE: one association silent, another being received."""
    gaps = (
        GapView(member="entractes", name="Entr’Actes", reason=Unsearched.SILENT),
        GapView(member="strass", name="STRASS", reason=Unsearched.BEHIND),
    )
    values: dict[str, object] = {
        "answer": Verdict.INCOMPLETE,
        "matches": (),
        "own_reports": (),
        "not_searched": gaps,
        "searched_until": NOW - 200_000,
    }
    return found(**(values | changes))
