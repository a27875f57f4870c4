"""Publishing: the own log says what approved reports say, once, and no more."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session, func, select

from federation.gather import Gathered, Gatherer
from node.errors import StorageError
from node.services.model import Status
from node.services.publish import FIRST_WAIT
from node.storage.erasure import expire
from node.storage.ledger import SqlTransaction
from node.storage.report_tables import MentionRow, ReportRow, SubjectRow
from node.system import SystemClock
from protocol.canonical import loads
from protocol.checkpoint import open_checkpoint
from protocol.entries import Announce, Revise, parse_entry
from protocol.payload import (
    AnnouncePayload,
    CodePayload,
    Gone,
    Opening,
    Slot,
    open_payload,
    slots_of,
)
from tests.node.network_fixture import Station, running_network
from tests.node.reporting import approved, log_size, look_up, published, reported, withdraw

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def solo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Station]:
    """One association by itself: a network of one."""
    async with running_network(tmp_path_factory.mktemp("solo"), {"strass": "STRASS"}) as network:
        yield network["strass"]


class MovedClock:
    """The machine's clock, moved ahead by a test."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.ahead = 0.0

    def now(self) -> int:
        return self._clock.now() + int(self.ahead)

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead


async def entries_since(station: Station, start: int) -> list[Announce | Revise]:
    """Return the own entries from `start` on."""
    raws = await station.node.ledger.read(lambda tx: tx.entries(station.id, start, 10_000))
    found = [parse_entry(raw) for raw in raws]
    return [entry for entry in found if isinstance(entry, Announce | Revise)]


async def codes_since(station: Station, start: int) -> list[str]:
    """Return, for each own entry from `start` on, `announce` or its revision's code."""
    rows = await station.node.ledger.read(lambda tx: tx.pieces(station.id, start, 10_000))
    codes = []
    for entry, row in zip(await entries_since(station, start), rows, strict=True):
        if isinstance(entry, Announce):
            codes.append("announce")
            continue
        slot, entry_id, commitment = slots_of(entry)[0]
        assert isinstance(row[0], Opening)
        payload = open_payload(station.id, entry_id, slot, commitment, row[0])
        assert isinstance(payload, CodePayload)
        codes.append(payload.code.value)
    return codes


async def test_an_approved_report_is_announced_once(solo: Station) -> None:
    start = await log_size(solo)
    report = await approved(solo, "06 39 98 20 01")
    assert await log_size(solo) == start
    await solo.node.publisher.run()
    assert await codes_since(solo, start) == ["announce"]
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert view.status is Status.PUBLISHED
    assert await solo.node.publisher.run() == 0
    await solo.node.publisher.opened()
    assert await solo.node.publisher.run() == 0


async def test_what_is_announced_carries_no_more_than_it_may(solo: Station) -> None:
    start = await log_size(solo)
    await published(solo, "06 39 98 20 02")
    (entry,) = await entries_since(solo, start)
    ((piece,),) = await solo.node.ledger.read(lambda tx: tx.pieces(solo.id, start, start + 1))
    assert isinstance(entry, Announce)
    assert isinstance(piece, Opening)
    payload = open_payload(solo.id, entry.id, Slot.MAIN, entry.c, piece)
    assert isinstance(payload, AnnouncePayload)
    assert set(payload.model_dump()) == {
        "type",
        "origin",
        "generation",
        "tag",
        "notice",
        "until",
    }
    assert len(payload.notice) == 512


@pytest.mark.parametrize(
    "fields",
    [
        {"consents": {}},
        {"consents": {"federated_tag": False, "masked_alert": True}},
        {"severity": "penible"},
        {"violence": ["faux_client"]},
    ],
)
async def test_what_may_not_leave_is_never_announced(
    solo: Station, fields: dict[str, object]
) -> None:
    start = await log_size(solo)
    report = await published(solo, "06 39 98 20 03", **fields)
    assert await log_size(solo) == start
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert (view.status, view.federated) == (Status.APPROVED, False)
    assert report in (await look_up(solo, "0639982003")).own_reports


async def test_a_violence_that_stays_home_is_left_out_of_the_notice(solo: Station) -> None:
    report = await published(solo, "06 39 98 20 04", violence=["faux_client", "menaces"])
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert (view.status, view.federated) == (Status.PUBLISHED, True)


async def test_waiting_and_refused_reports_are_not_announced(solo: Station) -> None:
    start = await log_size(solo)
    await reported(solo, "06 39 98 20 05")
    refused = await reported(solo, "06 39 98 20 06")
    await solo.node.reports.refuse(solo.people["moderator"], refused)
    await solo.node.publisher.run()
    assert await log_size(solo) == start


async def test_two_reports_of_one_number_are_one_announcement(solo: Station) -> None:
    start = await log_size(solo)
    one = await approved(solo, "06 39 98 20 07")
    two = await published(solo, "+33 (0)6 39 98 20 07")
    assert await codes_since(solo, start) == ["announce"]
    three = await published(solo, "00 33 6 39 98 20 07")
    assert await codes_since(solo, start) == ["announce", "amend"]
    await withdraw(solo, one)
    assert await codes_since(solo, start) == ["announce", "amend", "amend"]
    await withdraw(solo, two)
    await withdraw(solo, three)
    assert await codes_since(solo, start) == ["announce", "amend", "amend", "amend", "withdraw"]
    rows = await solo.node.ledger.read(lambda tx: tx.pieces(solo.id, start, start + 5))
    assert rows[0] == (Gone(start + 4),)
    assert [row[1] for row in rows[1:4]] == [Gone(start + 4)] * 3
    # Reported again, it is a new announcement.
    await published(solo, "06 39 98 20 07")
    assert (await codes_since(solo, start))[5:] == ["announce"]


async def test_a_report_of_two_numbers_is_announced_under_both(solo: Station) -> None:
    start = await log_size(solo)
    report = await published(solo, "06 39 98 20 08", "06 39 98 20 09")
    assert await codes_since(solo, start) == ["announce"] * 2
    await withdraw(solo, report)
    assert await codes_since(solo, start) == ["announce"] * 2 + ["withdraw"] * 2


async def test_no_two_payloads_share_a_salt_and_no_two_notices_a_nonce(solo: Station) -> None:
    """Equal codes or equal notices must not show as equal commitments or equal bytes."""
    start = await log_size(solo)
    reports = [await published(solo, f"06 39 98 20 {last}") for last in (30, 31, 31)]
    rows = await solo.node.ledger.read(lambda tx: tx.pieces(solo.id, start, 10_000))
    for report in reports:
        await withdraw(solo, report)
    rows += await solo.node.ledger.read(lambda tx: tx.pieces(solo.id, start + len(rows), 10_000))
    pieces = [piece for row in rows for piece in row if isinstance(piece, Opening)]
    assert len({piece.salt for piece in pieces}) == len(pieces) > 6
    entries = await entries_since(solo, start)
    assert len({entry.id for entry in entries}) == len({entry.c for entry in entries})
    sealed = [loads(piece.payload, 4096).get("notice", "") for piece in pieces]
    nonces = [notice[:32] for notice in sealed if notice]
    assert len(set(nonces)) == len(nonces) >= 3


async def test_the_signed_head_covers_what_is_stored(solo: Station) -> None:
    await published(solo, "06 39 98 20 10")
    position = await solo.node.ledger.read(lambda tx: tx.position(solo.id))
    assert position.head is not None
    head = open_checkpoint(
        position.head, solo.node.roster.log_origin(solo.id), solo.node.vault.log_key, {}
    )
    assert (head.checkpoint.size, head.checkpoint.root) == (
        position.applied.size,
        position.applied.root(),
    )


async def test_nothing_is_signed_over_what_storage_altered(
    solo: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = await log_size(solo)
    report = await approved(solo, "06 39 98 20 11")
    read = SqlTransaction.entries

    def flipped(self: SqlTransaction, origin: str, start: int, end: int) -> list[bytes]:
        return [bytes([raw[0] ^ 1]) + raw[1:] for raw in read(self, origin, start, end)]

    monkeypatch.setattr(SqlTransaction, "entries", flipped)
    with pytest.raises(StorageError):
        await solo.node.publisher.run()
    monkeypatch.undo()
    assert await log_size(solo) == start
    await solo.node.publisher.run()
    assert await codes_since(solo, start) == ["announce"]
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert view.status is Status.PUBLISHED


async def test_a_crash_anywhere_in_publishing_publishes_nothing_twice(
    solo: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = await log_size(solo)
    await approved(solo, "06 39 98 20 12")
    for step in ("append", "set_head"):

        def crash(*_: object, **__: object) -> None:
            raise MemoryError

        monkeypatch.setattr(SqlTransaction, step, crash)
        with pytest.raises(MemoryError):
            await solo.node.publisher.run()
        monkeypatch.undo()
        assert await log_size(solo) == start
    await solo.node.publisher.run()
    await solo.node.publisher.run()
    assert await codes_since(solo, start) == ["announce"]


async def test_a_change_that_was_never_noted_is_found_when_the_vault_opens(solo: Station) -> None:
    start = await log_size(solo)
    await published(solo, "06 39 98 20 13")
    report = await reported(solo, "06 39 98 20 13")

    def behind_our_back(session: Session) -> None:
        session.get_one(ReportRow, report).status = Status.APPROVED

    await solo.node.db.write(behind_our_back)
    assert await solo.node.publisher.run() == 0
    await solo.node.publisher.opened()
    assert await solo.node.publisher.run() == 1
    assert await codes_since(solo, start) == ["announce", "amend"]


@pytest.mark.parametrize("amended", [False, True])
async def test_an_announcement_whose_time_was_up_is_withdrawn_and_made_again(
    solo: Station, *, amended: bool
) -> None:
    """Its report is still kept: the association goes on saying what it says."""
    start = await log_size(solo)
    number = f"06 39 98 20 {14 + 9 * amended}"
    report = await published(solo, number)
    said = ["announce", "amend"] if amended else ["announce"]
    if amended:
        await published(solo, number)

    def expired(session: Session) -> None:
        expire(session, "9999-12")

    await solo.node.db.write(expired)
    await solo.node.publisher.run()
    again = await codes_since(solo, start)
    assert again[: len(said) + 1] == [*said, "withdraw"]
    assert again.count("announce") == again.count("withdraw") + 1
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert view.status is Status.PUBLISHED
    assert await solo.node.publisher.run() == 0


async def test_a_withdrawal_keeps_nothing_of_the_identifier(solo: Station) -> None:
    def count(session: Session) -> tuple[int, int]:
        return (
            session.exec(select(func.count()).select_from(SubjectRow)).one(),
            session.exec(select(func.count()).select_from(MentionRow)).one(),
        )

    before = await solo.node.db.read(count)
    announced = await published(solo, "06 39 98 20 15")
    waiting = await reported(solo, "06 39 98 20 16")
    assert await solo.node.db.read(count) == (before[0] + 2, before[1] + 2)
    await withdraw(solo, announced)
    await withdraw(solo, waiting)
    assert await solo.node.db.read(count) == before


async def test_a_locked_vault_publishes_nothing(tmp_path: Path) -> None:
    async with running_network(tmp_path, {"strass": "STRASS"}) as network:
        station = network["strass"]
        await approved(station, "06 39 98 20 17")
        station.node.vault.lock()
        assert await station.node.publisher.run() == 0
        assert await log_size(station) == 0
        await network.unlock(station)
        assert await station.node.publisher.run() == 1


async def test_without_a_quorum_publishing_waits_longer_and_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovedClock()
    async with running_network(tmp_path, {"strass": "STRASS"}, clock) as network:
        station = network["strass"]
        station.node.custody.lock()
        await approved(station, "06 39 98 20 18")
        tries = 0
        asked = Gatherer.gather

        async def counted(self: Gatherer, inputs: Sequence[bytes]) -> Gathered:
            nonlocal tries
            tries += 1
            return await asked(self, inputs)

        monkeypatch.setattr(Gatherer, "gather", counted)
        for _ in range(3):
            assert await station.node.publisher.run() == 0
        assert tries == 1
        clock.ahead += FIRST_WAIT + 1
        await station.node.publisher.run()
        assert tries == 2
        clock.ahead += FIRST_WAIT + 1
        await station.node.publisher.run()
        assert tries == 2
        await network.unlock(station)
        clock.ahead += FIRST_WAIT + 1
        assert await station.node.publisher.run() == 1
        assert tries == 3


async def test_a_report_counts_as_announced_once_all_its_numbers_are(
    solo: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = await log_size(solo)
    report = await approved(solo, "06 39 98 20 20", "06 39 98 20 21", "06 39 98 20 22")
    asked, tries = Gatherer.gather, 0

    async def once(self: Gatherer, inputs: Sequence[bytes]) -> Gathered:
        nonlocal tries
        tries += 1
        return await asked(self, inputs) if tries == 1 else Gathered(None, {})

    monkeypatch.setattr(Gatherer, "gather", once)
    await solo.node.publisher.run()
    monkeypatch.undo()
    assert await codes_since(solo, start) == ["announce"] * 2
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert view.status is Status.APPROVED
    solo.node.publisher._retry_at = 0.0
    await solo.node.publisher.run()
    assert await codes_since(solo, start) == ["announce"] * 3
    view = await solo.node.reports.get(solo.people["moderator"], report)
    assert view.status is Status.PUBLISHED
