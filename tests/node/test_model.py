"""What a report holds keeps quiet: no `repr`, no error text shows it."""

from typing import Any

import pytest
from pydantic import ValidationError

from crypto.values import PublicKey
from node.errors import InvalidError, StorageError
from node.services.model import (
    Named,
    ReportContent,
    ReportDraft,
    Status,
    SubjectContent,
    read_draft,
)
from node.services.sealed_rows import SealedRows, Subject
from node.services.views import CandidateView, notice_json
from node.storage.report_tables import ReportRow, SubjectRow
from node.system import entropy
from node.vault.vault import Vault
from protocol.coded import Unknown
from protocol.description import Trait, VehicleColour
from protocol.notice import Notice
from protocol.vocabulary import Consent, Knowledge, Severity, Violence
from tests.node.reporting import NARRATIVE, draft

NUMBER = "+33639982040"
CONTENT = ReportContent(
    author="somebody",
    identifiers=(Named(kind="phone/1", text=NUMBER, typed="06 39 98 20 40"),),
    severity=Severity.RISQUE,
    violence=(Violence.VOL, Violence.FAUX_CLIENT),
    narrative=NARRATIVE,
    consents=(Consent.FEDERATED_TAG,),
)


@pytest.mark.parametrize(
    "held",
    [
        CONTENT,
        CONTENT.identifiers[0],
        draft("06 39 98 20 40"),
        draft("06 39 98 20 40").identifiers[0],
        SubjectContent(kind="phone/1", text=NUMBER, z=b"z" * 32),
        CandidateView(kind="phone/1", text=NUMBER, region="FR"),
    ],
)
def test_what_holds_a_number_does_not_show_it(held: object) -> None:
    for shown in (repr(held), str(held), f"{held}", repr([held])):
        assert "39982040" not in shown
        assert "06 39" not in shown
        assert NARRATIVE not in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"identifiers": [{"text": 639982040}]},
        {"identifiers": [{"text": NUMBER, "surprise": NUMBER}]},
        {"narrative": {"x": NARRATIVE}},
        {"description": {"age": NARRATIVE}},
    ],
)
def test_what_is_refused_is_not_repeated(fields: dict[str, Any]) -> None:
    whole = {"severity": "risque", "violence": ["vol"]} | fields
    with pytest.raises(InvalidError) as refused:
        read_draft(whole)
    with pytest.raises(ValidationError) as inner:
        ReportDraft.model_validate(whole)
    for text in (str(refused.value), repr(refused.value), str(inner.value)):
        assert "39982040" not in text
        assert NARRATIVE not in text


def test_content_comes_back_from_its_bytes() -> None:
    assert ReportContent.model_validate_json(CONTENT.encode()) == CONTENT


def test_a_notice_of_it_holds_codes_only() -> None:
    described = CONTENT.model_copy(update={"description": {Trait.VEHICULE_COULEUR: "rouge"}})
    notice = described.notice()
    assert notice.violence == (Violence.VOL,)
    assert dict(notice.description) == {Trait.VEHICULE_COULEUR: VehicleColour.ROUGE}
    assert not notice.contact
    assert notice_json(notice).description == {"vehicule_couleur": "rouge"}


def test_words_of_a_newer_vocabulary_are_shown_as_unknown() -> None:
    notice = Notice(
        vocabulary=2,
        severity=Unknown(9),
        violence=(Violence.VOL, Unknown(200)),
        knowledge=Knowledge.FIRST_HAND,
    )
    shown = notice_json(notice)
    assert (shown.severity, shown.violence) == ("unknown-9", ["vol", "unknown-200"])
    assert shown.place is None


def test_only_refused_and_withdrawn_reports_are_over() -> None:
    assert {status for status in Status if not status.live} == {
        Status.REFUSED,
        Status.WITHDRAWN,
    }


def test_rows_that_contradict_themselves_are_named(tmp_path: Any) -> None:  # noqa: ANN401
    rows = SealedRows(Vault(tmp_path, entropy), PublicKey(bytes(32)))
    with pytest.raises(StorageError):
        rows.report(ReportRow(id="0", status="pending", created=0, wrapped_key=None, sealed=None))
    row = SubjectRow(id="0", locator=b"", wrapped_key=b"", sealed=b"")
    with pytest.raises(StorageError):
        _ = Subject(row, SubjectContent(kind="phone/1", text=NUMBER)).key
