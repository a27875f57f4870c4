"""Reports at one association: handing in, deciding, withdrawing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session, select

from crypto.sealing import sealing_public
from crypto.values import SealingSecret
from node.errors import (
    AlreadyDecidedError,
    InvalidError,
    NotFoundError,
    PermissionDeniedError,
    VaultLockedError,
    WrongStateError,
)
from node.roster_file import KEYS_FOLDER
from node.services.errors import AmbiguousIdentifierError, UnreadableReportError
from node.services.model import Decision, Status
from node.storage.report_tables import ApprovalRow, ReportRow
from node.vault.errors import KeyFileError
from node.vault.vault import VAULT_FILE
from protocol.payload import Opening
from tests.node.network_fixture import PASSPHRASE, Station, running_network
from tests.node.reporting import NARRATIVE, draft, log_size, look_up, published, reported, withdraw
from tests.node.traces import forms, traces

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def solo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Station]:
    """One association by itself: a network of one."""
    async with running_network(tmp_path_factory.mktemp("solo"), {"strass": "STRASS"}) as network:
        yield network["strass"]


async def test_a_report_comes_back_as_it_was_handed_in(solo: Station) -> None:
    report = await reported(solo, "06 39 98 10 01", area="69381", place="hotel")
    view = await solo.node.reports.get(solo.people["caseworker"], report)
    assert (view.status, view.narrative, view.area) == (Status.PENDING, NARRATIVE, "69381")
    assert [named.text for named in view.identifiers] == ["+33639981001"]
    assert view.identifiers[0].typed == "06 39 98 10 01"
    assert view.author == "caseworker"
    assert view.mine
    assert view.may_withdraw
    assert not view.may_approve
    assert view.created % 86_400 == 0


async def test_two_taps_on_one_button_are_one_report(solo: Station) -> None:
    once = "ab" * 16
    first = await reported(solo, "06 39 98 10 50", once=once)
    assert await reported(solo, "06 39 98 10 50", once=once) == first
    # Going back and writing another one loses nothing, and without the value nothing is guessed.
    others = {
        await reported(solo, "06 39 98 10 50", once=once, narrative="autre chose"),
        await reported(solo, "06 39 98 10 50", once="cd" * 16),
        await reported(solo, "06 39 98 10 50"),
        await reported(solo, "06 39 98 10 50"),
    }
    assert len(others | {first}) == 5


async def test_what_is_sent_again_after_a_withdrawal_is_another_report(solo: Station) -> None:
    once = "ef" * 16
    report = await reported(solo, "06 39 98 10 51", once=once)
    await withdraw(solo, report)
    again = await reported(solo, "06 39 98 10 51", once=once)
    assert again != report
    view = await solo.node.reports.get(solo.people["caseworker"], again)
    assert (view.status, view.narrative) == (Status.PENDING, NARRATIVE)


async def test_nothing_that_was_said_lies_in_the_clear_on_disk(solo: Station) -> None:
    await reported(solo, "06 39 98 10 02", narrative="un récit très particulier")
    for said in ("0639981002", "+33639981002", "06 39 98 10 02", "un récit très particulier"):
        assert not traces(solo.settings.data, forms(said))
    # The search itself finds what is there.
    assert traces(solo.settings.data, forms("caseworker"))


async def test_an_ambiguous_number_asks_for_the_country(solo: Station) -> None:
    with pytest.raises(AmbiguousIdentifierError) as refused:
        await reported(solo, "06 39 98 10 03", "0470 12 34 56")
    assert refused.value.candidates == {"identifiers.1.region": ("FR", "BE")}
    assert "0470" not in str(refused.value)
    chosen = draft("x", identifiers=[{"text": "0470 12 34 56", "region": "BE"}])
    view = await solo.node.reports.create(solo.people["caseworker"], chosen)
    assert view.identifiers[0].text == "+32470123456"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"identifiers": [{"text": "12"}]}, {"identifiers.0.text": "identifier-not-possible"}),
        ({"identifiers": [{"text": "0639ABCD"}]}, {"identifiers.0.text": "identifier-letters"}),
        ({"month": "2999-01"}, {"month": "future"}),
    ],
)
async def test_what_cannot_be_accepted_is_named(
    solo: Station, fields: dict[str, object], problem: dict[str, str]
) -> None:
    with pytest.raises(InvalidError) as refused:
        await reported(solo, "06 39 98 10 04", **fields)
    assert refused.value.fields == problem


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"severity": "grave"}, {"severity": "value"}),
        ({"violence": []}, {"violence": "size"}),
        ({"identifiers": []}, {"identifiers": "size"}),
        ({"area": "75011"}, {"area": "value"}),
        ({"month": "2026-13"}, {"month": "value"}),
        ({"description": {"genre": "brun"}}, {"": "value"}),
        ({"narrative": "x" * 20_001}, {"narrative": "size"}),
        ({"author": "me"}, {"author": "value"}),
        ({"consents": {"everything": True}}, {"consents.everything.[key]": "value"}),
    ],
)
async def test_a_draft_outside_the_vocabularies_is_refused(
    fields: dict[str, object], problem: dict[str, str]
) -> None:
    with pytest.raises(InvalidError) as refused:
        draft("06 39 98 10 05", **fields)
    assert refused.value.fields == problem


async def test_one_number_typed_twice_is_one_identifier(solo: Station) -> None:
    report = await reported(solo, "06 39 98 10 06", "+33 (0)6 39 98 10 06")
    view = await solo.node.reports.get(solo.people["caseworker"], report)
    assert len(view.identifiers) == 1


async def test_consents_are_no_until_given(solo: Station) -> None:
    report = await reported(solo, "06 39 98 10 07", consents={"contact": False, "lawyer": True})
    view = await solo.node.reports.get(solo.people["caseworker"], report)
    assert view.consents == ("lawyer",)
    assert not view.federated


@pytest.mark.parametrize("severity", ["dangereux", "tres_dangereux"])
async def test_the_two_highest_severities_need_two_people(solo: Station, severity: str) -> None:
    reports, people = solo.node.reports, solo.people
    report = await reported(solo, "06 39 98 10 08", severity=severity)
    once = await reports.approve(people["moderator"], report)
    assert (once.status, once.approvals, once.approvals_needed) == (Status.PENDING, 1, 2)
    assert not once.may_approve
    with pytest.raises(AlreadyDecidedError):
        await reports.approve(people["moderator"], report)
    with pytest.raises(AlreadyDecidedError):
        await reports.refuse(people["moderator"], report)
    twice = await reports.approve(people["moderator2"], report)
    assert twice.status is Status.APPROVED
    assert {decision.account for decision in twice.decisions} == {"moderator", "moderator2"}
    await withdraw(solo, report)


async def test_a_decided_report_waits_no_more(solo: Station) -> None:
    reports, people = solo.node.reports, solo.people
    report = await reported(solo, "06 39 98 10 09")
    await reports.approve(people["moderator"], report)
    with pytest.raises(WrongStateError):
        await reports.approve(people["moderator2"], report)
    with pytest.raises(WrongStateError):
        await reports.refuse(people["moderator2"], report)


async def test_a_refused_report_loses_its_content_for_good(solo: Station) -> None:
    reports, people = solo.node.reports, solo.people
    report = await reported(solo, "06 39 98 10 10")
    assert (await look_up(solo, "06 39 98 10 10")).own_reports == (report,)
    view = await reports.refuse(people["moderator"], report)
    assert (view.status, view.narrative, view.identifiers) == (Status.REFUSED, "", ())
    assert view.decisions == ()
    assert (await look_up(solo, "06 39 98 10 10")).own_reports == ()
    with pytest.raises(WrongStateError):
        await withdraw(solo, report)


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
async def test_an_ended_report_leaves_neither_key_nor_ciphertext(solo: Station, end: str) -> None:
    report = await reported(solo, "06 39 98 10 16")

    def row(session: Session) -> tuple[bytes | None, bytes | None]:
        found = session.get_one(ReportRow, report)
        return found.wrapped_key, found.sealed

    held = [part for part in await solo.node.db.read(row) if part is not None]
    assert len(held) == 2
    assert all(traces(solo.settings.data, [part]) for part in held)
    await getattr(solo.node.reports, end)(solo.people["moderator"], report)
    assert await solo.node.db.read(row) == (None, None)
    assert not traces(solo.settings.data, held)


async def test_a_caseworker_withdraws_their_own_reports_only(solo: Station) -> None:
    reports, people = solo.node.reports, solo.people
    report = await reported(solo, "06 39 98 10 11")
    with pytest.raises(PermissionDeniedError):
        await reports.withdraw(people["caseworker2"], report)
    view = await reports.get(people["caseworker2"], report)
    assert not view.may_withdraw
    gone = await reports.withdraw(people["caseworker"], report)
    assert (gone.status, gone.narrative) == (Status.WITHDRAWN, "")
    with pytest.raises(WrongStateError):
        await reports.withdraw(people["caseworker"], report)


async def test_who_approved_may_withdraw_later(solo: Station) -> None:
    report = await published(solo, "06 39 98 10 12")
    standing = await solo.node.reports.get(solo.people["moderator"], report)
    (approval,) = standing.decisions
    assert (approval.account, approval.decision) == ("moderator", Decision.APPROVE)
    assert approval.at % 86_400 == 0
    assert (await withdraw(solo, report)).status is Status.WITHDRAWN


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
async def test_who_decided_is_sealed_and_ends_with_the_report(solo: Station, end: str) -> None:
    """A decision in clear would name those who could have reported an erased report."""

    def rows(session: Session) -> list[tuple[bytes, bytes]]:
        found = session.exec(select(ApprovalRow).where(ApprovalRow.report == report))
        return [(row.who, row.sealed) for row in found]

    report = await reported(solo, "06 39 98 10 18", severity="dangereux")
    await solo.node.reports.approve(solo.people["moderator"], report)
    (held,) = await solo.node.db.read(rows)
    assert not any(person.id.encode() in part for person in solo.people.values() for part in held)
    await getattr(solo.node.reports, end)(solo.people["moderator2"], report)
    assert await solo.node.db.read(rows) == []
    assert not traces(solo.settings.data, held)


async def test_a_withdrawn_reports_bytes_are_in_no_file(solo: Station) -> None:
    await solo.node.publisher.run()  # what another test left approved is none of this one's
    before = await log_size(solo)
    report = await published(solo, "06 39 98 10 13")
    held = await solo.node.ledger.read(lambda tx: tx.pieces(solo.id, before, before + 1))
    opening = held[0][0]
    assert isinstance(opening, Opening)
    salt, payload = opening.salt, opening.payload
    assert traces(solo.settings.data, [salt])
    await withdraw(solo, report)
    assert await log_size(solo) == before + 2
    assert not traces(solo.settings.data, [salt, payload])


async def test_an_unknown_report_is_not_found(solo: Station) -> None:
    for step in (solo.node.reports.get, solo.node.reports.approve, solo.node.reports.withdraw):
        with pytest.raises(NotFoundError):
            await step(solo.people["moderator"], "0" * 32)


async def test_lists_hold_one_status_or_all(solo: Station) -> None:
    reports, person = solo.node.reports, solo.people["caseworker"]
    report = await reported(solo, "06 39 98 10 14")
    assert report in [line.id for line in await reports.list(person)]
    pending = await reports.list(person, Status.PENDING)
    assert report in [line.id for line in pending]
    assert await reports.count(person, Status.PENDING) == len(pending)
    assert report not in [line.id for line in await reports.list(person, Status.PUBLISHED)]


async def test_a_deposit_is_sealed_to_the_key_of_the_roster(tmp_path: Path) -> None:
    """Whoever can write to the key file while the vault is closed must not read what comes."""
    async with running_network(tmp_path, {"strass": "STRASS"}, unlocked=False) as network:
        station = network["strass"]
        file = station.settings.data / KEYS_FOLDER / VAULT_FILE
        honest = file.read_bytes()
        thief = SealingSecret(bytes(range(32)))
        content = json.loads(honest) | {"sealing_key": sealing_public(thief).hex()}
        file.write_text(json.dumps(content))
        report = await reported(station, "06 39 98 10 19")
        with pytest.raises(KeyFileError):
            await station.node.unlock("vault", PASSPHRASE)
        file.write_bytes(honest)
        await station.node.unlock("vault", PASSPHRASE)
        view = await station.node.reports.get(station.people["caseworker"], report)
        assert view.narrative == NARRATIVE


async def test_a_report_that_nobody_can_read_can_be_cleared(solo: Station) -> None:
    async def damaged(number: str) -> str:
        report = await reported(solo, number)

        def work(session: Session) -> None:
            session.get_one(ReportRow, report).sealed = bytes(80)

        await solo.node.db.write(work)
        return report

    reports, people = solo.node.reports, solo.people
    first, second = await damaged("06 39 98 10 20"), await damaged("06 39 98 10 21")
    assert first in [line.id for line in await reports.list(people["moderator"])]
    view = await reports.get(people["moderator"], first)
    assert (view.narrative, view.may_approve, view.may_refuse, view.may_withdraw) == (
        "",
        False,
        True,
        True,
    )
    with pytest.raises(UnreadableReportError):
        await reports.approve(people["moderator"], first)
    with pytest.raises(PermissionDeniedError):
        await reports.withdraw(people["caseworker"], first)
    assert (await reports.refuse(people["moderator"], first)).status is Status.REFUSED
    assert (await reports.withdraw(people["moderator"], second)).status is Status.WITHDRAWN


async def test_a_locked_vault_takes_reports_and_shows_none(tmp_path: Path) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}, unlocked=False) as network:
        station = network["strass"]
        reports, person = station.node.reports, station.people["caseworker"]
        report = await reported(station, "06 39 98 10 15")
        assert not traces(station.settings.data, forms("0639981015", NARRATIVE))
        for refused in (
            reports.list(person),
            reports.get(person, report),
            reports.approve(station.people["moderator"], report),
            reports.withdraw(person, report),
            station.node.matches.list(person),
        ):
            with pytest.raises(VaultLockedError):
                await refused
        assert await reports.count(person, Status.PENDING) == 1
        await station.node.unlock("custody", PASSPHRASE)
        await station.node.unlock("vault", PASSPHRASE)
        view = await reports.get(person, report)
        assert view.narrative == NARRATIVE
        assert (await look_up(station, "06 39 98 10 15")).own_reports == (report,)
        # Opened twice, it is taken in once.
        await station.node.unlock("vault", PASSPHRASE)
        assert (await look_up(station, "06 39 98 10 15")).own_reports == (report,)
