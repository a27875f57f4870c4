"""Serial aggressors: both associations are told, with no new evaluation."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session, func, select

from node.errors import NotFoundError, PermissionDeniedError
from node.services.views import MatchView
from node.storage.log_tables import AnnouncementRow, QuotaRow
from tests.node.network_fixture import Station, TestNetwork, eventually, running_network
from tests.node.reporting import approved, log_size, published, reported, withdraw

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestNetwork]:
    async with running_network(tmp_path_factory.mktemp("network")) as network:
        yield network


async def matches(station: Station, number: str) -> list[MatchView]:
    found = await station.node.matches.list(station.people["caseworker"])
    return [match for match in found if match.candidate == number]


def spent(session: Session) -> int:
    return session.exec(select(func.sum(QuotaRow.used))).one() or 0


async def test_two_associations_that_report_one_number_are_both_told(net: TestNetwork) -> None:
    one, two = net["cabiria"], net["griselidis"]
    first = await published(one, "06 39 98 40 01")
    second = await published(two, "+33 (0)6.39.98.40.01")
    assert await matches(one, "+33639984001") == []
    before = [await station.node.db.read(spent) for station in net]
    await net.pull_all()
    (told,) = await matches(one, "+33639984001")
    assert (told.association, told.reports, told.seen) == ("griselidis", (first,), False)
    assert told.notice is not None
    (told,) = await matches(two, "+33639984001")
    assert (told.association, told.reports) == ("cabiria", (second,))
    assert before == [await station.node.db.read(spent) for station in net]


async def test_a_report_that_waits_or_stays_home_is_recognised_too(net: TestNetwork) -> None:
    await published(net["cabiria"], "06 39 98 40 02")
    await net.settle()
    report = await reported(net["griselidis"], "06 39 98 40 02", consents={})
    await net["griselidis"].node.publisher.run()
    (told,) = await matches(net["griselidis"], "+33639984002")
    assert (told.association, told.reports) == ("cabiria", (report,))
    assert await matches(net["cabiria"], "+33639984002") == []


async def test_listeners_hear_of_it_at_once(net: TestNetwork) -> None:
    heard: list[str] = []

    async def listen() -> None:
        heard.append("match")

    net["strass"].node.matches.on_found.append(listen)
    await published(net["strass"], "06 39 98 40 03")
    await published(net["cabiria"], "06 39 98 40 04")
    await net.pull_all()
    assert heard == []
    # No pull: the hint that the publisher sends is enough.
    await published(net["cabiria"], "06 39 98 40 03")

    async def told() -> bool:
        return heard == ["match"]

    assert await eventually(told)


async def test_a_withdrawn_announcement_is_no_match_any_more(net: TestNetwork) -> None:
    theirs = await published(net["cabiria"], "06 39 98 40 05")
    await published(net["griselidis"], "06 39 98 40 05")
    await net.settle()
    assert await matches(net["griselidis"], "+33639984005")
    await withdraw(net["cabiria"], theirs)
    await net.pull_all()
    assert await matches(net["griselidis"], "+33639984005") == []


async def test_an_own_withdrawn_report_matches_nothing_any_more(net: TestNetwork) -> None:
    await published(net["cabiria"], "06 39 98 40 06")
    own = await published(net["griselidis"], "06 39 98 40 06")
    await net.settle()
    await withdraw(net["griselidis"], own)
    assert await matches(net["griselidis"], "+33639984006") == []


async def test_a_match_is_remembered_as_read(net: TestNetwork) -> None:
    station = net["griselidis"]
    await published(net["cabiria"], "06 39 98 40 07")
    await published(station, "06 39 98 40 07")
    await net.settle()
    (told,) = await matches(station, "+33639984007")
    assert told.key is not None
    for _ in range(2):
        await station.node.matches.acknowledge(station.people["caseworker"], told.key)
    assert [match.seen for match in await matches(station, "+33639984007")] == [True]
    with pytest.raises(NotFoundError):
        await station.node.matches.acknowledge(station.people["caseworker"], "0" * 64)


async def test_an_administrator_sees_no_matches(net: TestNetwork) -> None:
    with pytest.raises(PermissionDeniedError):
        await net["strass"].node.matches.list(net["strass"].people["administrator"])


async def test_a_copied_tag_tells_nobody_anything(net: TestNetwork) -> None:
    start = await log_size(net["cabiria"])
    await published(net["cabiria"], "06 39 98 40 08")
    await published(net["strass"], "06 39 98 40 08")
    await net.settle()

    def copy(session: Session) -> None:
        tag = session.get_one(AnnouncementRow, ("cabiria", start)).tag
        copied = AnnouncementRow(
            origin="entractes",
            index=9_999,
            entry_id=bytes(16),
            generation=1,
            tag=tag,
            standing="live",
        )
        session.add(copied)

    await net["strass"].node.db.write(copy)
    await net["strass"].node.matches.rebuild()
    told = await matches(net["strass"], "+33639984008")
    assert [match.association for match in told] == ["cabiria"]


async def test_matches_are_found_again_after_a_restart(tmp_path: Path) -> None:
    async with running_network(tmp_path) as net:
        station = net["griselidis"]
        await published(net["cabiria"], "06 39 98 40 09")
        await approved(station, "06 39 98 40 09")
        await net.settle()
        assert await matches(station, "+33639984009")
        await net.shut(station)
        await net.reopen(station)
        assert await matches(station, "+33639984009")
        station.node.unlocking.lock()
        await station.node.matches.rebuild()
        await net.unlock(station)
        assert await matches(station, "+33639984009")
