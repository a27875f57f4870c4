"""The network page's facts: who is heard from, what is locked, what a lookup would miss."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from federation.ports import Transaction
from node.errors import InvalidError, NotFoundError, PermissionDeniedError
from node.services.views import NetworkView
from protocol.answer import Unsearched
from protocol.lookup import Fault
from tests.node.network_fixture import PASSPHRASE, Station, TestNetwork, running_network
from tests.node.reporting import look_up, published

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def net(tmp_path: Path) -> AsyncIterator[TestNetwork]:
    async with running_network(tmp_path) as network:
        yield network


async def status(station: Station) -> NetworkView:
    return await station.node.network.status(station.people["administrator"])


async def test_everything_is_well(net: TestNetwork) -> None:
    await published(net["cabiria"], "06 39 98 90 01")
    await net.settle()
    view = await status(net["strass"])
    assert (view.network, view.member, view.name) == ("essai", "strass", "STRASS")
    assert (view.threshold, view.custodians, view.quota_daily) == (3, 4, 20_000)
    assert (view.boot, view.custody, view.vault, view.complete) == ("open", "open", "open", True)
    assert [(member.id, member.own, member.entries) for member in view.members] == [
        ("strass", True, 0),
        ("cabiria", False, 1),
        ("griselidis", False, 0),
        ("entractes", False, 0),
    ]
    # What Cabiria had evaluated here: one number and a dummy.
    assert [member.asked_today for member in view.members][1] == 2


async def test_locks_are_said(net: TestNetwork) -> None:
    station = net["strass"]
    station.node.unlocking.lock()
    view = await status(station)
    assert (view.custody, view.vault, view.complete) == ("locked", "locked", False)
    with pytest.raises(InvalidError):
        await station.node.unlock("everything", PASSPHRASE)
    await station.node.unlock("custody", PASSPHRASE)
    assert (await status(station)).custody == "open"


async def test_a_log_that_was_stopped_is_said_with_its_reason(net: TestNetwork) -> None:
    def stop(tx: Transaction) -> None:
        tx.quarantine("cabiria", 0, "split-view", b"evidence")

    await net["strass"].node.ledger.write(stop)
    view = await status(net["strass"])
    (stopped,) = [member for member in view.members if member.id == "cabiria"]
    assert (stopped.quarantine, stopped.not_searched) == ("split-view", Unsearched.QUARANTINED)
    assert not view.complete
    assert (await look_up(net["strass"], "06 39 98 90 02")).answer == "INCOMPLETE"
    # An administrator has talked with the people there.
    station = net["strass"]
    assert (await station.node.puller.pull("cabiria")).error is not None
    with pytest.raises(PermissionDeniedError):
        await station.node.network.lift(station.people["moderator"], "cabiria")
    lift = station.node.network.lift
    assert await lift(station.people["administrator"], "cabiria") == "split-view"
    # Until a pull has seen what is true now, nobody may conclude that nothing is there.
    lifted = await station.node.network.status(station.people["administrator"])
    member = next(member for member in lifted.members if member.id == "cabiria")
    assert member.not_searched == "never-seen"
    assert await lift(station.people["administrator"], "cabiria") is None
    with pytest.raises(NotFoundError):
        await lift(station.people["administrator"], "inconnue")
    assert (await station.node.puller.pull("cabiria")).error is None
    assert (await look_up(station, "06 39 98 90 02")).answer == "NO_MATCH"


async def test_how_the_last_pull_ended_is_said(net: TestNetwork) -> None:
    station = net["strass"]
    await net.shut(net["cabiria"])
    await station.node.puller.pull("cabiria")
    pulls = {member.id: member.pulled for member in (await status(station)).members}
    assert pulls["strass"] is None
    assert pulls["cabiria"] is not None
    assert pulls["griselidis"] is not None
    assert (pulls["cabiria"].error, pulls["griselidis"].error) == ("unreachable", None)
    assert pulls["cabiria"].refusal is None


async def test_a_custodian_that_does_not_answer_is_named(net: TestNetwork) -> None:
    await net.shut(net["cabiria"])
    net["griselidis"].node.custody.lock()
    assert (await look_up(net["strass"], "06 39 98 90 03")).answer == "INCOMPLETE"
    faults = {member.id: member.fault for member in (await status(net["strass"])).members}
    assert faults == {
        "strass": None,
        "cabiria": Fault.UNREACHABLE,
        "griselidis": Fault.LOCKED,
        "entractes": None,
    }
