"""Publishing on a machine that is not well: a damaged disk, a clock that stopped."""

from pathlib import Path

import pytest
from sqlmodel import Session

from node.services.model import Status
from node.storage.report_tables import ReportRow
from node.system import SystemClock
from tests.node.clock import Clock
from tests.node.network_fixture import PASSPHRASE, running_network
from tests.node.reporting import approved, log_size, look_up, published, reported, withdraw

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_report_that_cannot_be_read_stops_nothing_else(tmp_path: Path) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}) as network:
        station = network["strass"]
        damaged = await published(station, "06 39 98 12 01")
        other = await published(station, "06 39 98 12 02")

        def work(session: Session) -> None:
            row = session.get_one(ReportRow, damaged)
            assert row.sealed is not None
            row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])

        await station.node.db.write(work)
        size = await log_size(station)
        # A second report of the damaged one's number: nobody knows what both say together.
        second = await approved(station, "06 39 98 12 01")
        third = await approved(station, "06 39 98 12 03")
        await station.node.publisher.run()
        status = {
            report: (await station.node.reports.get(station.people["moderator"], report)).status
            for report in (other, second, third)
        }
        assert status[third] is Status.PUBLISHED
        assert status[second] is Status.APPROVED
        assert await log_size(station) == size + 1
        # The vault opens again, and a moderator can clear the damaged one.
        station.node.unlocking.lock()
        await station.node.unlock("vault", PASSPHRASE)
        await withdraw(station, damaged)
        await station.node.publisher.run()
        view = await station.node.reports.get(station.people["moderator"], second)
        assert view.status is Status.PUBLISHED


async def test_what_a_slow_clock_dates_is_not_long_past(tmp_path: Path) -> None:
    clock = Clock(int(SystemClock().now()))
    names = {"strass": "STRASS", "cabiria": "Cabiria"}
    async with running_network(tmp_path, names, clock) as network:
        station, peer = network["strass"], network["cabiria"]
        right = clock.time
        clock.time -= 6 * 366 * 86_400  # a battery has died
        report = await reported(station, "06 39 98 12 10", month=None)
        day = await station.node.db.write(station.node.reports._today)
        assert day >= right - 2 * 86_400
        clock.time = right
        await station.node.reports.approve(station.people["moderator"], report)
        await network.settle()
        for one in (station, peer):
            await one.node.keeping.expire()
        view = await station.node.reports.get(station.people["moderator"], report)
        assert view.status is Status.PUBLISHED
        assert (await look_up(peer, "06 39 98 12 10")).answer == "MATCH"
