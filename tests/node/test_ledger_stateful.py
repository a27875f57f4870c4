"""Any interleaving of appends, withdrawals, expiries and quarantines, against a model."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from federation.ports import Stored, Transaction
from node.storage.announcements import announcements_by_tags
from node.storage.erasure import expire
from node.storage.ledger import SqlLedger
from protocol.fold import Standing
from tests.node.conftest import database_at
from tests.node.invariants import check_invariants
from tests.node.log_entries import Author, apply

ORIGINS = ("cabiria", "griselidis", "strass")
TAGS = [bytes([number]) * 32 for number in range(4)]
MONTHS = ("2026-10", "2026-12", "2031-10")
DECEMBER = 1_797_000_000
"""A moment of December 2026."""


@dataclass
class Model:
    """One announcement, as a person would describe it."""

    origin: str
    index: int
    tag: bytes
    until: str
    withdrawn: bool = False
    held: bool = True
    """Whether its own payload is here."""
    disputed: bool = False


@dataclass
class World:
    sizes: dict[str, int] = field(default_factory=dict)
    announcements: list[Model] = field(default_factory=list)

    def standing_ones(self) -> list[Model]:
        return [item for item in self.announcements if not item.withdrawn]


class LedgerMachine(RuleBasedStateMachine):
    """Each rule is one transaction; all invariants are proved again after it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.database = database_at(Path(self.folder.name))
        self.runner.run(self.database.open())
        self.ledger = SqlLedger(self.database, set(ORIGINS))
        self.authors = {origin: Author(origin) for origin in ORIGINS}
        self.world = World()

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    def append(self, origin: str, *rows: Stored) -> int:
        def work(tx: Transaction) -> None:
            assert apply(tx, origin, rows).poison is None

        self.runner.run(self.ledger.write(work))
        start = self.world.sizes.get(origin, 0)
        self.world.sizes[origin] = start + len(rows)
        return start

    @rule(origin=st.sampled_from(ORIGINS), tag=st.sampled_from(TAGS), until=st.sampled_from(MONTHS))
    def announce(self, origin: str, tag: bytes, until: str) -> None:
        row = self.authors[origin].announce(tag, until)
        index = self.append(origin, row)
        self.world.announcements.append(Model(origin, index, tag, until))

    @precondition(lambda self: self.world.standing_ones())
    @rule(data=st.data(), then_dispute=st.booleans())
    def amend(self, data: st.DataObject, then_dispute: bool) -> None:  # noqa: FBT001  (drawn)
        item = data.draw(st.sampled_from(self.world.standing_ones()))
        author = self.authors[item.origin]
        until = data.draw(st.sampled_from(MONTHS))
        rows = [author.amend(item.index, until)]
        item.until = max(item.until, until)
        if then_dispute:
            rows.append(author.dispute(item.index))
        self.append(item.origin, *rows)
        item.disputed = then_dispute

    @precondition(lambda self: self.world.standing_ones())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(self.world.standing_ones()))
        self.append(item.origin, self.authors[item.origin].withdraw(item.index))
        item.withdrawn = True

    @rule(month=st.sampled_from(["2026-11", "2027-01", "2031-11"]))
    def expire(self, month: str) -> None:
        self.runner.run(self.database.write(lambda session: expire(session, month)))
        for item in self.world.announcements:
            item.held = item.held and item.until >= month

    @rule(origin=st.sampled_from(ORIGINS))
    def quarantine(self, origin: str) -> None:
        size = self.world.sizes.get(origin, 0)
        self.runner.run(
            self.ledger.write(lambda tx: tx.quarantine(origin, size, "entry", b"bytes"))
        )
        self.world.sizes.setdefault(origin, 0)

    @rule()
    def erase_traces(self) -> None:
        self.runner.run(self.database.erase_traces())

    @invariant()
    def everything_proves_again(self) -> None:
        self.runner.run(self.database.read(check_invariants))

    @invariant()
    def tags_match_the_model(self) -> None:
        found = self.runner.run(
            self.database.read(lambda session: announcements_by_tags(session, TAGS))
        )
        newest: dict[tuple[str, bytes], Model] = {}
        for item in self.world.standing_ones():
            if item.held:
                newest[item.origin, item.tag] = item
        assert [(hit.origin, hit.index, hit.tag, hit.until, hit.standing) for hit in found] == [
            (
                item.origin,
                item.index,
                item.tag,
                item.until,
                Standing.DISPUTED if item.disputed else Standing.LIVE,
            )
            for item in sorted(newest.values(), key=lambda item: (item.origin, item.index))
        ]

    @invariant()
    def what_was_erased_before_its_time_is_missing(self) -> None:
        statuses = self.runner.run(self.ledger.read(lambda tx: tx.mirrors(DECEMBER)))
        assert {status.member: status.missing for status in statuses} == {
            origin: sum(
                not item.held and item.until >= "2026-12"
                for item in self.world.standing_ones()
                if item.origin == origin
            )
            for origin in ORIGINS
        }


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    # A step proves everything again: a tenth of the profile's examples, and never fewer than 15.
    max_examples=max(15, settings().max_examples // 10),
    stateful_step_count=20,
    deadline=None,
)
