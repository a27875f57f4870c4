"""The network page's facts: who is heard from, what is locked, what a lookup would miss."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from federation.ports import Transaction
from node.errors import InvalidError
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
