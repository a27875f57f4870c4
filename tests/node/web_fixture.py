"""A node whose people, sessions and database are real, and whose services say what a test sets.

Pages are tested against every answer that a service can give, without a network.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from gettext import NullTranslations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from node.accounts import Account, Accounts
from node.errors import NodeError, NotFoundError
from node.passwords import HashCost
from node.permissions import Role
from node.services.model import ReportDraft, Status
from node.services.views import (
    CandidateView,
    LookupView,
    MatchView,
    MemberView,
    NetworkView,
    ReportSummary,
    ReportView,
)
from node.sessions import Sessions
from node.settings import load_settings
from node.storage.database import Database
from node.system import entropy
from node.web.pages import pages
from protocol.answer import Verdict

NOW = 1_795_284_000
"""21 November 2026, 19:00 in Paris."""
CHEAP = HashCost(operations=1, memory_bytes=8192)
URL = "http://127.0.0.1:8470"
MEMBERS = {
    "strass": "STRASS",
    "cabiria": "Cabiria",
    "griselidis": "Grisélidis",
    "entractes": "Entr’Actes",
}


@dataclass
class StillClock:
    """A clock that a test moves."""

    time: int = NOW

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return float(self.time)


@dataclass
class Script:
    """What the services answer. An exception is raised instead."""

    created: ReportView | NodeError | None = None
    reports: dict[str, ReportView] = field(default_factory=dict)
    reports_error: NodeError | None = None
    lookup: LookupView | NodeError | None = None
    matches: list[MatchView] = field(default_factory=list)
    network: NetworkView | None = None
    unlock_error: NodeError | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)


class FakeReports:
    def __init__(self, script: Script) -> None:
        self._script = script

    def _check(self) -> None:
        if self._script.reports_error is not None:
            raise self._script.reports_error

    async def create(self, account: Account, draft: ReportDraft) -> ReportView:
        self._script.calls.append(("create", account.name, draft))
        created = self._script.created
        if isinstance(created, NodeError):
            raise created
        assert created is not None
        self._script.reports[created.id] = created
        return created

    async def list(self, _account: Account, status: Status | None = None) -> list[ReportSummary]:
        self._check()
        return [
            report for report in self._script.reports.values() if status in {None, report.status}
        ]

    async def count(self, _account: Account, status: Status) -> int:
        return sum(report.status is status for report in self._script.reports.values())

    async def get(self, _account: Account, report_id: str) -> ReportView:
        self._check()
        if report_id not in self._script.reports:
            raise NotFoundError("There is no report under this id.")
        return self._script.reports[report_id]

    async def approve(self, account: Account, report_id: str) -> ReportView:
        self._script.calls.append(("approve", account.name, report_id))
        return await self.get(account, report_id)

    async def refuse(self, account: Account, report_id: str) -> ReportView:
        self._script.calls.append(("refuse", account.name, report_id))
        return await self.get(account, report_id)

    async def withdraw(self, account: Account, report_id: str) -> ReportView:
        self._script.calls.append(("withdraw", account.name, report_id))
        return await self.get(account, report_id)


class FakeLookups:
    def __init__(self, script: Script) -> None:
        self._script = script

    async def search(
        self, account: Account, text: str, kind: str = "phone", region: str | None = None
    ) -> LookupView:
        self._script.calls.append(("search", account.name, text, kind, region))
        if isinstance(self._script.lookup, NodeError):
            raise self._script.lookup
        return self._script.lookup or no_match()


class FakeMatches:
    def __init__(self, script: Script) -> None:
        self._script = script

    async def list(self, _account: Account) -> list[MatchView]:
        return self._script.matches

    async def acknowledge(self, account: Account, key: str) -> None:
        self._script.calls.append(("acknowledge", account.name, key))


class FakeNetwork:
    def __init__(self, script: Script) -> None:
        self._script = script

    async def status(self, _account: Account) -> NetworkView:
        return self._script.network or network()

    async def lift(self, account: Account, member_id: str) -> None:
        self._script.calls.append(("lift", account.name, member_id))


@dataclass
class Stage:
    """One node with its pages, and a browser's worth of helpers."""

    app: FastAPI
    node: Any
    script: Script
    accounts: Accounts
    sessions: Sessions
    clock: StillClock

    def browser(self, url: str = URL) -> httpx.AsyncClient:
        """Return a client with cookies of its own."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=url)

    async def signed_in(self, role: Role = Role.MODERATOR, name: str = "") -> "Browser":
        """Return a browser in which somebody with `role` has signed in by link."""
        account = await self.accounts.create_account(name or role.value, role)
        secret = await self.sessions.issue_signin_link(account, 600)
        client = self.browser()
        browser = Browser(client)
        await browser.open(f"/entrer/{secret}")
        answer = await browser.send(f"/entrer/{secret}", {})
        assert answer.status_code == 303
        return browser


@dataclass
class Browser:
    """A client that sends forms as a page of ours would: with the page's token."""

    client: httpx.AsyncClient
    token: str = ""

    async def open(self, path: str) -> httpx.Response:
        """Load a page and remember its form token."""
        answer = await self.client.get(path)
        self.token = token_in(answer.text) or self.token
        return answer

    async def send(self, path: str, fields: dict[str, Any]) -> httpx.Response:
        """Send a form of the page that was opened last."""
        return await self.client.post(
            path,
            data={"token": self.token, **fields},
            headers={"sec-fetch-site": "same-origin", "origin": URL},
        )


def token_in(page: str) -> str:
    """Return the form token of a page, or ""."""
    return page.partition('name="token" value="')[2].partition('"')[0]


@asynccontextmanager
async def stage(
    folder: Path, words: NullTranslations | None = None, **settings: object
) -> AsyncIterator[Stage]:
    """Build a node with pages in `folder`, in the language of `words`."""
    chosen = load_settings(folder, **({"public_url": URL, "demo": True} | settings))
    database = Database(chosen.resolved_database_url)
    await database.open()
    clock, script = StillClock(), Script()
    accounts = Accounts(database, clock, entropy, CHEAP)
    sessions = Sessions(database, clock, entropy, chosen.session_hours)

    async def unlock(level: str, passphrase: str) -> None:
        script.calls.append(("unlock", level, passphrase))
        if script.unlock_error is not None:
            raise script.unlock_error

    members = tuple(
        SimpleNamespace(id=member, name=name, region="FR") for member, name in MEMBERS.items()
    )
    node = SimpleNamespace(
        settings=chosen,
        clock=clock,
        entropy=entropy,
        identity=SimpleNamespace(id="cabiria"),
        roster=SimpleNamespace(
            members=members,
            member=lambda wanted: next((one for one in members if one.id == wanted), None),
        ),
        accounts=accounts,
        sessions=sessions,
        reports=FakeReports(script),
        lookups=FakeLookups(script),
        matches=FakeMatches(script),
        network=FakeNetwork(script),
        unlock=unlock,
    )
    app = FastAPI()
    app.include_router(pages(node, words))  # type: ignore[arg-type]  # the parts that pages use
    try:
        yield Stage(app, node, script, accounts, sessions, clock)
    finally:
        await database.close()


def network(**changes: object) -> NetworkView:
    """Return a network where all is well, but for `changes`."""
    values: dict[str, object] = {
        "network": "demo",
        "member": "cabiria",
        "name": "Cabiria",
        "now": NOW,
        "threshold": 3,
        "custodians": 4,
        "quota_daily": 1000,
        "max_silence": 86_400,
        "boot": "open",
        "custody": "open",
        "vault": "open",
        "members": tuple(member(one) for one in MEMBERS),
        "complete": True,
    }
    return NetworkView.model_validate(values | changes)


def member(name: str, **changes: object) -> MemberView:
    """Return a member that is up to date, but for `changes`."""
    values: dict[str, object] = {
        "id": name,
        "name": MEMBERS[name],
        "url": f"https://{name}.example",
        "contact": "",
        "own": name == "cabiria",
        "custodian": True,
        "head_time": NOW - 42,
        "entries": 12,
        "lag": 0,
        "missing": 0,
        "quarantine": None,
        "not_searched": None,
        "fault": None,
        "asked_today": 3,
    }
    return MemberView.model_validate(values | changes)


def no_match(**changes: object) -> LookupView:
    """Return the answer NO_MATCH, but for `changes`."""
    values: dict[str, object] = {
        "answer": Verdict.NO_MATCH,
        "candidates": (CandidateView(kind="phone/1", text="+33639980123", region="FR"),),
        "matches": (),
        "not_searched": (),
        "searched_until": NOW - 42,
        "own_reports": (),
    }
    return LookupView.model_validate(values | changes)
