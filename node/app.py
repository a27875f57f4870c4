"""The composition root: everything a node is made of is built here, once, and passed down."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI

from federation.client import PeerClient, open_clients
from federation.evaluation import EvaluationServer
from federation.gather import Gatherer
from federation.hints import HintReceiver, HintSender
from federation.identity import Identity
from federation.mirror import Mirror
from federation.pacing import Schedule
from federation.ports import Clock, Entropy
from federation.puller import Puller
from federation.serving import Serving
from node.accounts import Accounts
from node.api.federation import federation_routes
from node.api.limits import BodyLimit
from node.api.staff import staff_api
from node.jobs import build_jobs
from node.roster_file import KEYS_FOLDER, load_roster
from node.services.allowance import Allowance
from node.services.announcing import Announcer
from node.services.association import Association
from node.services.evaluating import Evaluator
from node.services.keeping import Keeping
from node.services.lookup import Lookups
from node.services.matches import Matches
from node.services.network import Network
from node.services.own_log import OwnLog
from node.services.publish import Published, Publisher
from node.services.report import Reports
from node.services.unlocking import Unlocking
from node.sessions import Sessions
from node.settings import Settings
from node.storage.database import Database
from node.storage.ledger import SqlLedger
from node.system import SystemClock, entropy
from node.vault.boot import load_boot
from node.vault.custody import Custody
from node.vault.vault import Vault
from node.web.pages import pages
from protocol.roster import Roster


@dataclass(frozen=True, slots=True)
class Node:
    """One association's node. `build` makes it, `start` sets it going, `stop` ends it."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    # What it is, and what it keeps
    identity: Identity
    roster: Roster
    db: Database
    ledger: SqlLedger
    custody: Custody
    vault: Vault
    # Its people
    accounts: Accounts
    sessions: Sessions
    # Towards its peers
    clients: dict[str, PeerClient]
    puller: Puller
    hints: HintSender
    hint_receiver: HintReceiver
    serving: Serving
    evaluation: EvaluationServer
    gatherer: Gatherer
    # What its people can do
    reports: Reports
    publisher: Publisher
    lookups: Lookups
    matches: Matches
    network: Network
    unlocking: Unlocking
    keeping: Keeping
    jobs: list[AsyncIOScheduler] = field(default_factory=list)

    async def unlock(self, level: str, passphrase: str) -> None:
        """Open custody or vault; see `node.services.unlocking`. The caller has checked who asks."""
        await self.unlocking.unlock(level, passphrase)

    async def start(self, *, jobs: bool = True) -> None:
        """Open the database and set the jobs going.

        Raises:
            StorageError: the database cannot be used.
        """
        await self.db.open()
        if jobs:
            scheduler = build_jobs(self)
            scheduler.start()
            self.jobs.append(scheduler)

    async def stop(self) -> None:
        """End the jobs and the connections, lock everything, close the database."""
        while self.jobs:
            self.jobs.pop().shutdown(wait=False)
        await self.puller.close()
        await self.hints.close()
        await self.gatherer.close()
        for client in self.clients.values():
            await client.close()
        self.unlocking.lock()
        await self.db.close()


def build(
    settings: Settings,
    clock: Clock | None = None,
    randomness: Entropy = entropy,
) -> Node:
    """Return the node whose keys and roster lie in `settings.data`. Opens no connection yet.

    Args:
        settings: see docs/operators/settings.md.
        clock: for tests; the machine's by default.
        randomness: for tests; the machine's by default.

    Raises:
        KeyFileError: a key file is missing or damaged.
        NotJoinedError: the association has not founded or joined a network yet.
        RosterError: the roster does not verify.
    """
    clock = clock or SystemClock()
    keys = settings.data / KEYS_FOLDER
    identity, roster = load_boot(keys), load_roster(settings.data)
    db = Database(settings.resolved_database_url)
    custody, vault = Custody(keys), Vault(keys, randomness)
    home = Association(identity.id, roster, db, vault, clock, randomness)
    ledger = SqlLedger(db, home.others, home.generation)

    clients = open_clients(roster.members, identity, clock, randomness)
    gatherer = Gatherer(roster, identity.id, clients, custody, clock, randomness)
    hints = HintSender(roster, ledger, identity, clock, clients)

    evaluator = Evaluator(roster, gatherer)
    publisher = Publisher(home, Announcer(home), OwnLog(home), evaluator)
    matches = Matches(home)
    publisher.on_evaluated.append(matches.rebuild)
    publisher.on_published.append(_hint(hints))

    schedule = Schedule(float(settings.poll_every))
    mirror = Mirror(roster, ledger, clock, matches.on_effects)
    puller = Puller(mirror, clients, schedule, clock, randomness)

    return Node(
        settings=settings,
        clock=clock,
        entropy=randomness,
        identity=identity,
        roster=roster,
        db=db,
        ledger=ledger,
        custody=custody,
        vault=vault,
        accounts=Accounts(db, clock, randomness),
        sessions=Sessions(db, clock, randomness, settings.session_hours),
        clients=clients,
        puller=puller,
        hints=hints,
        hint_receiver=HintReceiver(ledger, clock, schedule, puller),
        serving=Serving(roster, ledger, identity, clock),
        evaluation=EvaluationServer(custody, roster, ledger, clock, randomness),
        gatherer=gatherer,
        reports=Reports(home, publisher),
        publisher=publisher,
        lookups=Lookups(home, evaluator, Allowance(home, settings.lookups_daily)),
        matches=matches,
        network=Network(home, custody, evaluator, puller.results),
        unlocking=Unlocking(home, custody, publisher, matches),
        keeping=Keeping(home, publisher),
    )


def create_app(node: Node, *, jobs: bool = True) -> FastAPI:
    """Return the web application of `node`: peers' endpoints, staff API, pages.

    Args:
        node: from `build`; the application starts and stops it.
        jobs: False in tests that drive each step themselves.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await node.start(jobs=jobs)
        try:
            yield
        finally:
            await node.stop()

    app = FastAPI(title="Veilleuse", openapi_url=None, lifespan=lifespan)
    app.router.routes.extend(federation_routes(node))
    app.mount("/api/v1", staff_api(node))
    app.include_router(pages(node))
    app.add_middleware(BodyLimit)
    return app


def _hint(hints: HintSender) -> Callable[[Published], Awaitable[None]]:
    async def tell(published: Published) -> None:
        hints.notify(published.start)

    return tell
