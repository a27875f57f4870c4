"""What a node erases by itself, and what it does not while its clock may be wrong."""

from pathlib import Path

import pytest
from sqlmodel import Session

from node.services.dates import DAY
from node.services.model import Status
from node.services.retention import RETENTION_MONTHS
from node.storage.report_tables import ReportRow
from node.system import SystemClock
from protocol.answer import Unsearched, Verdict
from protocol.roster import Parameters
from protocol.vocabulary import Severity
from tests.node.network_fixture import CHEAP, Station, running_network
from tests.node.reporting import approved, look_up, published, reported

TWO = {"strass": "STRASS", "cabiria": "Cabiria"}
MONTH = 31 * DAY


class Clock:
    """The machine's clock, set by a test."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.months = 0.0

    def now(self) -> int:
        return self._clock.now() + int(self.months * MONTH)

    def monotonic(self) -> float:
        return self._clock.monotonic()


def keeping_months(months: int) -> Parameters:
    return Parameters(argon2id=CHEAP, quota_daily=20_000, retention_months=months)


async def status_of(station: Station, report: str) -> Status:
    return (await station.node.reports.get(station.people["moderator"], report)).status


async def test_a_clock_that_is_wrong_for_a_moment_erases_nothing(tmp_path: Path) -> None:
    """P7 and P9: six years ahead, one run of the job, and right again."""
    clock = Clock()
    async with running_network(tmp_path, TWO, clock) as net:
        strass, cabiria = net["strass"], net["cabiria"]
        report = await published(cabiria, "06 39 98 50 01")
        await net.settle()
        clock.months = 72
        for station in net:
            assert await station.node.keeping.expire() == 0
        clock.months = 0
        view = await look_up(strass, "06 39 98 50 01")
        assert (view.answer, len(view.matches)) == (Verdict.MATCH, 1)
        assert await status_of(cabiria, report) is Status.PUBLISHED


async def test_what_was_erased_too_early_all_the_same_is_said(tmp_path: Path) -> None:
    """The whole network's clocks agreed on a wrong month; whatever the reason."""
    clock = Clock()
    async with running_network(tmp_path, TWO, clock) as net:
        strass = net["strass"]
        await published(net["cabiria"], "06 39 98 50 02")
        await net.settle()
        clock.months = 72
        await net.pull_all()
        assert await strass.node.keeping.expire() == 1
        clock.months = 0
        view = await look_up(strass, "06 39 98 50 02")
        assert view.answer is Verdict.INCOMPLETE
        # The peer's head is from the future now, and that is named first.
        assert [gap.member for gap in view.not_searched] == ["cabiria"]
        missing = await strass.node.db.read(
            lambda session: strass.node.keeping._home.logs(session).mirrors(clock.now())
        )
        assert [status.missing for status in missing] == [1]


async def test_an_amended_announcement_matches_beyond_its_first_ceiling(tmp_path: Path) -> None:
    clock = Clock()
    async with running_network(tmp_path, TWO, clock, parameters=keeping_months(2)) as net:
        strass, cabiria = net["strass"], net["cabiria"]
        await published(cabiria, "06 39 98 50 03")
        await net.pull_all()
        clock.months = 1.9
        second = await published(cabiria, "06 39 98 50 03")
        clock.months = 3.1
        await net.pull_all()
        for station in net:
            await station.node.keeping.expire()
        await net.settle()
        view = await look_up(strass, "06 39 98 50 03")
        assert (view.answer, len(view.matches)) == (Verdict.MATCH, 1)
        assert view.matches[0].notice is not None
        assert await status_of(cabiria, second) is Status.PUBLISHED
        clock.months = 6
        await net.pull_all()
        for station in net:
            await station.node.keeping.expire()
        await net.settle()
        assert (await look_up(strass, "06 39 98 50 03")).answer is Verdict.NO_MATCH


@pytest.mark.parametrize("severity", list(Severity))
async def test_a_report_is_kept_the_shorter_the_less_grave(
    tmp_path: Path, severity: Severity
) -> None:
    clock = Clock()
    async with running_network(tmp_path, {"strass": "STRASS"}, clock) as net:
        station = net["strass"]
        report = await reported(station, "06 39 98 50 04", severity=severity.value)
        other = await reported(station, "06 39 98 50 05", severity="tres_dangereux")
        clock.months = (RETENTION_MONTHS[severity] - 1) * 30.4 / 31
        assert await station.node.keeping.expire() == 0
        assert await status_of(station, report) is Status.PENDING
        clock.months = (RETENTION_MONTHS[severity] + 1.1) * 30.5 / 31
        gone = 2 if severity is Severity.TRES_DANGEREUX else 1
        assert await station.node.keeping.expire() == gone
        assert await status_of(station, report) is Status.WITHDRAWN
        kept = Status.PENDING if gone == 1 else Status.WITHDRAWN
        assert await status_of(station, other) is kept
        assert await station.node.keeping.expire() == 0


async def test_a_report_whose_time_is_up_is_withdrawn_everywhere(tmp_path: Path) -> None:
    clock = Clock()
    async with running_network(tmp_path, TWO, clock) as net:
        strass, cabiria = net["strass"], net["cabiria"]
        report = await published(cabiria, "06 39 98 50 06", severity="risque")
        await net.pull_all()
        clock.months = 26
        await net.pull_all()
        cabiria.node.vault.lock()
        assert await cabiria.node.keeping.expire() == 0  # only an open vault knows which
        await net.unlock(cabiria)
        assert await cabiria.node.keeping.expire() == 1
        assert await status_of(cabiria, report) is Status.WITHDRAWN
        await net.pull_all()
        assert (await look_up(strass, "06 39 98 50 06")).answer is Verdict.NO_MATCH


async def test_no_report_outlives_the_networks_retention(tmp_path: Path) -> None:
    clock = Clock()
    solo = {"strass": "STRASS"}
    async with running_network(tmp_path, solo, clock, parameters=keeping_months(6)) as net:
        station = net["strass"]
        report = await approved(station, "06 39 98 50 07", severity="risque")
        damaged = await reported(station, "06 39 98 50 08")

        def damage(session: Session) -> None:
            session.get_one(ReportRow, damaged).sealed = bytes(60)

        await station.node.db.write(damage)
        clock.months = 5
        assert await station.node.keeping.expire() == 0
        clock.months = 8
        assert await station.node.keeping.expire() == 2
        assert await status_of(station, report) is Status.WITHDRAWN
        assert await status_of(station, damaged) is Status.WITHDRAWN


async def test_an_announcement_of_an_unknown_generation_is_not_searched(tmp_path: Path) -> None:
    async with running_network(tmp_path, TWO) as net:
        strass, cabiria = net["strass"], net["cabiria"]
        await published(cabiria, "06 39 98 50 09")
        home = strass.node.keeping._home
        await net.settle()

        def moved(session: Session) -> None:
            session.connection().exec_driver_sql("UPDATE announcement SET generation = 7")

        await strass.node.db.write(moved)
        view = await look_up(strass, "06 39 98 50 10")
        gaps = [(gap.member, gap.reason) for gap in view.not_searched]
        assert gaps == [("cabiria", Unsearched.PAYLOAD_MISSING)]
        assert home.generation == 1
