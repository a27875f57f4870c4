"""Looking up over four real nodes: MATCH, NO_MATCH, INCOMPLETE, and never a false all-clear."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import Session, select

from federation.ports import Stored
from node.errors import InvalidError, LookupLimitError, PermissionDeniedError, StorageError
from node.services.announcing import Announcer
from node.services.association import Association
from node.services.errors import AmbiguousIdentifierError
from node.services.own_log import OwnLog
from node.services.publish import Publisher
from node.services.views import GapView
from node.storage.account_tables import LookupDayRow
from node.storage.database import Database
from node.storage.log_tables import AnnouncementRow, PieceRow, QuotaRow
from node.storage.report_tables import ReportRow
from protocol.answer import Unsearched, Verdict
from protocol.fold import Standing
from protocol.payload import Code, EmptyPayload
from tests.node.clock import Clock
from tests.node.network_fixture import PASSPHRASE, Station, TestNetwork, running_network
from tests.node.reporting import log_size, look_up, published, reported, withdraw
from tests.spellings import spellings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestNetwork]:
    async with running_network(tmp_path_factory.mktemp("network")) as network:
        yield network


def home_of(station: Station) -> Association:
    """The station's surroundings, for entries that no service makes."""
    node = station.node
    return Association(node.identity.id, node.roster, node.db, node.vault, node.clock, node.entropy)


async def append(station: Station, *rows: Stored) -> None:
    """Append entries of our making to a station's own log, signed."""
    home = home_of(station)
    await station.node.db.write(lambda session: OwnLog(home).append(home.logs(session), [*rows]))


async def test_a_number_reported_in_lyon_is_found_in_toulouse_in_any_spelling(
    net: TestNetwork,
) -> None:
    await published(net["cabiria"], "06 39 98 30 01", area="69381", severity="risque")
    await net.settle()
    written = spellings("+33639983001", "0639983001", "33")
    for spelling in [each.text for each in written][::13]:
        view = await look_up(net["griselidis"], spelling)
        assert view.answer is Verdict.MATCH, ascii(spelling)
        (match,) = view.matches
        assert (match.association, match.name) == ("cabiria", "Cabiria")
        assert match.notice is not None
        assert (match.notice.severity, match.notice.area) == ("risque", "69381")
        assert not match.disputed
        assert match.candidate == "+33639983001"
    assert view.not_searched == ()
    assert view.searched_until is not None


async def test_a_number_that_nobody_reported_is_no_match(net: TestNetwork) -> None:
    view = await look_up(net["griselidis"], "06 39 98 30 02")
    assert view.answer is Verdict.NO_MATCH
    assert (view.matches, view.own_reports, view.not_searched) == ((), (), ())


async def test_a_withdrawn_number_is_no_match_any_more(net: TestNetwork) -> None:
    report = await published(net["cabiria"], "06 39 98 30 03")
    await net.settle()
    assert (await look_up(net["strass"], "06 39 98 30 03")).answer is Verdict.MATCH
    await withdraw(net["cabiria"], report)
    await net.pull_all()
    for station in net:
        assert (await look_up(station, "06 39 98 30 03")).answer is Verdict.NO_MATCH


async def test_several_associations_are_shown_one_by_one(net: TestNetwork) -> None:
    await published(net["cabiria"], "06 39 98 30 04")
    await published(net["entractes"], "06 39 98 30 04", violence=["menaces"])
    await net.settle()
    view = await look_up(net["strass"], "06 39 98 30 04")
    assert [match.association for match in view.matches] == ["cabiria", "entractes"]


async def test_own_reports_are_found_also_those_that_wait(net: TestNetwork) -> None:
    report = await reported(net["strass"], "06 39 98 30 05", consents={})
    view = await look_up(net["strass"], "06 39 98 30 05")
    assert (view.answer, view.own_reports, view.matches) == (Verdict.MATCH, (report,), ())


async def test_an_ambiguous_text_is_searched_both_ways(net: TestNetwork) -> None:
    chosen = [{"text": "0470 12 34 56", "region": "BE"}]
    await published(net["cabiria"], identifiers=chosen)
    await net.settle()
    view = await look_up(net["griselidis"], "0470 12 34 56")
    assert [candidate.region for candidate in view.candidates] == ["FR", "BE"]
    assert view.answer is Verdict.MATCH
    assert view.matches[0].candidate == "+32470123456"


async def test_what_cannot_be_read_is_named_and_not_repeated(net: TestNetwork) -> None:
    with pytest.raises(InvalidError) as refused:
        await look_up(net["strass"], "06 39 XX")
    assert refused.value.fields == {"text": "identifier-letters"}
    with pytest.raises(InvalidError):
        await net["strass"].node.lookups.search(
            net["strass"].people["caseworker"], "a@b.fr", "email"
        )


async def test_a_text_that_could_be_three_numbers_asks_for_the_country(
    net: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocol.phone.MOST_CANDIDATES", 1)
    with pytest.raises(AmbiguousIdentifierError) as refused:
        await look_up(net["strass"], "0470 12 34 56")
    assert refused.value.candidates == {"text": ()}


async def test_every_lookup_costs_the_same_hit_or_miss(net: TestNetwork) -> None:
    await published(net["cabiria"], "06 39 98 30 06")
    await net.settle()

    async def spent() -> list[int]:
        def work(session: Session) -> int:
            return sum(session.exec(select(QuotaRow.used).where(QuotaRow.member == "strass")).all())

        return [await station.node.db.read(work) for station in net]

    before = await spent()
    for text in ("06 39 98 30 06", "06 39 98 30 07", "0470 12 34 56"):
        await look_up(net["strass"], text)
        await net["strass"].node.gatherer.close()
    after = await spent()
    grown = [late - early for early, late in zip(before, after, strict=True)]
    assert sum(grown) == 3 * 3 * 2  # lookups, custodians beside the own share, elements


async def test_a_tag_copied_into_another_log_matches_nothing(net: TestNetwork) -> None:
    start = await log_size(net["cabiria"])
    await published(net["cabiria"], "06 39 98 30 08")
    await net.settle()

    def copy(session: Session) -> None:
        tag = session.get_one(AnnouncementRow, ("cabiria", start)).tag
        session.add(
            AnnouncementRow(
                origin="entractes",
                index=9_999,
                entry_id=bytes(16),
                generation=1,
                tag=tag,
                standing=Standing.LIVE,
            )
        )

    await net["griselidis"].node.db.write(copy)
    view = await look_up(net["griselidis"], "06 39 98 30 08")
    assert [match.association for match in view.matches] == ["cabiria"]


async def test_a_disputed_notice_still_matches_its_content_withheld(net: TestNetwork) -> None:
    station = net["cabiria"]
    start = await log_size(station)
    await published(station, "06 39 98 30 09")
    dispute = Announcer(home_of(station))._revise(start, Code.DISPUTE, EmptyPayload())
    await append(station, dispute)
    await net.pull_all()
    view = await look_up(net["griselidis"], "06 39 98 30 09")
    assert view.answer is Verdict.MATCH
    assert view.matches[0].disputed
    assert view.matches[0].notice is None


async def test_a_notice_that_does_not_open_still_matches(net: TestNetwork) -> None:
    station = net["cabiria"]
    start = await log_size(station)
    await published(station, "06 39 98 30 10")

    def damaged(session: Session) -> None:
        session.get_one(AnnouncementRow, ("cabiria", start)).entry_id = bytes(16)

    await net.settle()
    await net["griselidis"].node.db.write(damaged)
    view = await look_up(net["griselidis"], "06 39 98 30 10")
    assert view.answer is Verdict.MATCH
    assert view.matches[0].notice is None
    assert not view.matches[0].disputed


async def test_a_notice_that_expired_before_its_announcement_still_matches(
    net: TestNetwork,
) -> None:
    """An amendment has a ceiling of its own; it goes, and the announcement stays."""
    station = net["cabiria"]
    start = await log_size(station)
    await published(station, "06 39 98 30 17")
    await published(station, "06 39 98 30 17")
    await net.settle()

    def expired(session: Session) -> None:
        piece = session.get_one(PieceRow, ("cabiria", start + 1, "body"))
        piece.salt = piece.payload = piece.until = None

    await net["griselidis"].node.db.write(expired)
    view = await look_up(net["griselidis"], "06 39 98 30 17")
    assert view.answer is Verdict.MATCH
    assert view.matches[0].notice is None


async def test_an_administrator_looks_nothing_up(net: TestNetwork) -> None:
    with pytest.raises(PermissionDeniedError):
        await net["strass"].node.lookups.search(net["strass"].people["administrator"], "0")


async def test_an_account_has_so_many_lookups_a_day(tmp_path: Path) -> None:
    clock = Clock(1_795_305_600 - 60)  # a minute before a UTC day begins
    one = {"strass": "STRASS"}
    async with running_network(tmp_path, one, clock, lookups_daily=2) as network:
        station = network["strass"]
        for _ in range(2):
            await look_up(station, "06 39 98 30 22")
        with pytest.raises(LookupLimitError) as refused:
            await look_up(station, "06 39 98 30 22")
        assert refused.value.retry_after == 60
        # What cannot be read costs nothing, and each account has its own.
        lookups, people = station.node.lookups, station.people
        for _ in range(2):
            with pytest.raises(InvalidError):
                await lookups.search(people["moderator"], "06 39 XX")
            await lookups.search(people["moderator"], "06 39 98 30 22")
        # A restart forgets nothing.
        await network.shut(station)
        await network.reopen(station)
        async with network.client(station, "caseworker") as api:
            answer = await api.post("/lookups", json={"text": "06 39 98 30 22"})
        assert (answer.status_code, answer.json()["code"]) == (429, "lookup-limit")
        assert answer.headers["retry-after"] == "60"
        clock.time += 60
        await look_up(station, "06 39 98 30 22")
        counted = await station.node.db.read(
            lambda session: session.exec(select(LookupDayRow.asked)).all()
        )
        assert list(counted) == [1]


async def test_with_a_locked_vault_the_answer_is_incomplete_and_says_so(tmp_path: Path) -> None:
    two = {"strass": "STRASS", "cabiria": "Cabiria"}
    async with running_network(tmp_path, two) as network:
        station = network["strass"]
        await published(station, "06 39 98 30 11")
        await network.settle()
        station.node.unlocking.lock()
        await station.node.unlock("custody", "six mots tirés au hasard")
        gap = GapView(member="strass", name="STRASS", reason=Unsearched.VAULT_LOCKED)
        unknown = await look_up(station, "06 39 98 30 12")
        assert (unknown.answer, unknown.not_searched) == (Verdict.INCOMPLETE, (gap,))
        # What was announced is found under its tag, as it would be anywhere else.
        known = await look_up(station, "06 39 98 30 11")
        assert (known.answer, known.own_reports) == (Verdict.INCOMPLETE, ())
        assert [match.association for match in known.matches] == ["strass"]


async def test_a_deposit_that_nobody_read_yet_makes_it_incomplete(tmp_path: Path) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}) as network:
        station = network["strass"]
        station.node.unlocking.lock()
        report = await reported(station, "06 39 98 30 18")

        def damaged(session: Session) -> None:
            session.add(
                ReportRow(
                    id="00" * 16,
                    status="pending",
                    created=0,
                    wrapped_key=b"d" + bytes(80),
                    sealed=bytes(80),
                )
            )

        await station.node.db.write(damaged)
        gap = GapView(member="strass", name="STRASS", reason=Unsearched.DEPOSIT_UNREAD)
        await station.node.unlock("custody", PASSPHRASE)
        # The keys are in memory, and nothing has been taken in yet.
        station.node.vault.unlock(PASSPHRASE)
        early = await look_up(station, "06 39 98 30 18")
        assert (early.answer, early.not_searched) == (Verdict.INCOMPLETE, (gap,))
        # A bad one keeps no other from being found, and goes on being told of.
        await station.node.unlock("vault", PASSPHRASE)
        found = await look_up(station, "06 39 98 30 18")
        assert (found.answer, found.own_reports) == (Verdict.INCOMPLETE, (report,))
        assert found.not_searched == (gap,)
        network_view = await station.node.network.status(station.people["administrator"])
        assert not network_view.complete
        await station.node.reports.refuse(station.people["moderator"], "00" * 16)
        assert (await look_up(station, "06 39 98 30 19")).answer is Verdict.NO_MATCH


async def test_a_vault_opened_during_a_lookup_was_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}) as network:
        station = network["strass"]
        await published(station, "06 39 98 30 20")
        await reported(station, "06 39 98 30 21")
        read = Database.read

        async def opening(self: Database, work: Callable[[Session], Any]) -> Any:  # noqa: ANN401
            station.node.vault.unlock(PASSPHRASE)
            return await read(self, work)

        async def closing(self: Database, work: Callable[[Session], Any]) -> Any:  # noqa: ANN401
            station.node.vault.lock()
            return await read(self, work)

        station.node.vault.lock()
        monkeypatch.setattr(Database, "read", opening)
        late = await look_up(station, "06 39 98 30 21")
        assert (late.answer, late.not_searched[0].reason) == (
            Verdict.INCOMPLETE,
            Unsearched.VAULT_LOCKED,
        )
        monkeypatch.setattr(Database, "read", closing)
        assert (await look_up(station, "06 39 98 30 20")).answer is Verdict.MATCH


async def test_a_vault_whose_opening_fails_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}, unlocked=False) as network:
        station = network["strass"]

        async def fails(_self: Publisher) -> None:
            raise StorageError("The disk is full.")

        with monkeypatch.context() as patched:
            patched.setattr(Publisher, "opened", fails)
            with pytest.raises(StorageError):
                await station.node.unlock("vault", PASSPHRASE)
        assert not station.node.vault.is_open
        await station.node.unlock("vault", PASSPHRASE)
        assert station.node.vault.is_open


async def test_one_of_four_down_stops_no_lookup_and_two_say_incomplete(tmp_path: Path) -> None:
    async with running_network(tmp_path) as net:
        own = await published(net["griselidis"], "06 39 98 30 13")
        await published(net["cabiria"], "06 39 98 30 14")
        await net.settle()
        await net.shut(net["strass"])
        asking = net["griselidis"]
        assert (await look_up(asking, "06 39 98 30 14")).answer is Verdict.MATCH
        assert (await look_up(asking, "06 39 98 30 15")).answer is Verdict.NO_MATCH
        await net.shut(net["entractes"])
        gap = GapView(member=None, name=None, reason=Unsearched.NO_QUORUM)
        for number, found in (("06 39 98 30 13", (own,)), ("06 39 98 30 15", ())):
            view = await look_up(asking, number)
            assert view.answer is Verdict.INCOMPLETE
            assert view.not_searched == (gap,)
            assert view.own_reports == found
            assert view.searched_until is None
        # Back again, from its files.
        await net.reopen(net["strass"])
        assert (await look_up(asking, "06 39 98 30 14")).answer is Verdict.MATCH


async def test_a_member_never_heard_from_makes_it_incomplete(tmp_path: Path) -> None:
    async with running_network(tmp_path, unlocked=False) as net:
        for name in ("strass", "cabiria", "griselidis"):
            await net.unlock(net[name])
        await net.pull_all()
        view = await look_up(net["strass"], "06 39 98 30 16")
        assert view.answer is Verdict.INCOMPLETE
        gap = GapView(member="entractes", name="Entr’Actes", reason=Unsearched.NEVER_SEEN)
        assert view.not_searched == (gap,)
