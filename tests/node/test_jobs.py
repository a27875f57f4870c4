"""What runs by itself: four nodes on their own schedule, and jobs that survive their errors."""

import asyncio
import json
from io import StringIO
from pathlib import Path

import pytest
import structlog

from federation.errors import UnreachableError
from node.jobs import build_jobs, guarded
from node.redaction import redact
from protocol.answer import Verdict
from protocol.payload import Gone
from tests.node.network_fixture import eventually, running_network
from tests.node.reporting import approved, log_size, look_up, published, withdraw
from tests.node.traces import traces


async def test_a_report_is_found_elsewhere_and_withdrawn_with_nobody_pushing(
    tmp_path: Path,
) -> None:
    """The cadence of publishing is lowered to a second; a hint does the rest."""
    async with running_network(tmp_path, jobs=True, publish_every=1) as net:
        asking = net["griselidis"]
        report = await approved(net["cabiria"], "06 39 98 80 01")

        async def answers(verdict: Verdict) -> bool:
            return (await look_up(asking, "06.39.98.80.01")).answer is verdict

        assert await eventually(lambda: answers(Verdict.MATCH))
        await withdraw(net["cabiria"], report)
        assert await eventually(lambda: answers(Verdict.NO_MATCH))


async def test_after_a_withdrawal_no_node_has_the_payload_or_its_salt(tmp_path: Path) -> None:
    async with running_network(tmp_path) as net:
        report = await published(net["cabiria"], "06 39 98 80 02")
        await net.settle()
        ((piece,),) = await net["strass"].node.ledger.read(lambda tx: tx.pieces("cabiria", 0, 1))
        secrets = [piece.salt, piece.payload]  # type: ignore[union-attr]
        for station in net:
            assert traces(station.settings.data, secrets)
        await withdraw(net["cabiria"], report)
        await net.pull_all()
        for station in net:
            await station.node.keeping.erase_traces()
            assert not traces(station.settings.data, secrets)
            ((left,),) = await station.node.ledger.read(lambda tx: tx.pieces("cabiria", 0, 1))
            assert left == Gone(1)


async def test_a_node_that_was_away_catches_up_by_itself(tmp_path: Path) -> None:
    async with running_network(tmp_path, jobs=True, publish_every=1) as net:
        away = net["entractes"]
        await net.shut(away)
        await approved(net["cabiria"], "06 39 98 80 03")

        async def announced() -> bool:
            return await log_size(net["cabiria"]) == 1

        assert await eventually(announced)
        await net.reopen(away)

        async def caught_up() -> bool:
            return await log_size(away, "cabiria") == 1

        assert await eventually(caught_up)


async def test_expiry_stops_matches_everywhere(tmp_path: Path) -> None:
    clock = LaterClock()
    two = {"strass": "STRASS", "cabiria": "Cabiria"}
    async with running_network(tmp_path, two, clock) as net:
        await published(net["cabiria"], "06 39 98 80 04")
        await net.settle()
        assert await net["strass"].node.keeping.expire() == 0
        clock.days = 61 * 31
        assert await net["strass"].node.keeping.expire() == 0  # no other clock says so yet
        await net.pull_all()
        assert await net["strass"].node.keeping.expire() == 1
        await net.settle()
        assert (await look_up(net["strass"], "06 39 98 80 04")).matches == ()


async def test_a_job_that_fails_is_logged_by_its_code_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = StringIO()
    logger = structlog.wrap_logger(
        structlog.WriteLogger(lines), processors=[redact, structlog.processors.JSONRenderer()]
    )
    monkeypatch.setattr("node.jobs._log", logger)

    async def refused() -> None:
        raise UnreachableError("+33639988005")

    async def buggy() -> None:
        raise RuntimeError("+33639988005")

    await guarded("pull", refused)()
    await guarded("pull", buggy)()
    one, two = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (one["event"], one["code"], one["job"]) == ("job-failed", "unreachable", "pull")
    assert two["event"] == "job-crashed"
    assert "8005" not in lines.getvalue()


async def test_a_job_never_runs_beside_itself(tmp_path: Path) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}) as net:
        scheduler = build_jobs(net["strass"].node)
        names = {job.id for job in scheduler.get_jobs()}
        assert names == {"pull", "publish", "erase", "expire", "forget", "rebuild"}
        assert all(job.max_instances == 1 and job.coalesce for job in scheduler.get_jobs())
        for job in scheduler.get_jobs():
            await job.func()


class LaterClock:
    """The machine's clock, days ahead."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> int:
        return 1_795_284_000 + self.days * 86_400

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
