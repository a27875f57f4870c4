"""What runs by itself. Each job looks at the state and moves it one step.

Running one twice, late or never does no harm, so nothing here is queued or remembered: a job that
is still running when its time comes again is not started twice, and missed runs become one.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from crypto.errors import VeilleuseError

if TYPE_CHECKING:  # node.app builds the jobs: at run time it imports this file
    from node.app import Node

PULL_TICK = 1
"""Seconds between looks at which peers are due; how often each one is, federation.pacing says."""

ERASE_EVERY = 10
"""Seconds. A withdrawal that arrives is out of the tables at once, and of the files within this."""

EXPIRE_EVERY = 3600
FORGET_EVERY = 600
REBUILD_EVERY = 300

Job = Callable[[], Awaitable[object]]

_log = structlog.get_logger(__name__)


def build_jobs(node: "Node") -> AsyncIOScheduler:
    """Return the scheduler of `node`'s jobs, not started."""

    async def pull() -> None:
        node.puller.tick()

    table: dict[str, tuple[int, Job]] = {
        "pull": (PULL_TICK, pull),
        "publish": (node.settings.publish_every, node.publisher.run),
        "erase": (ERASE_EVERY, node.keeping.erase_traces),
        "expire": (EXPIRE_EVERY, node.keeping.expire),
        "forget": (FORGET_EVERY, node.keeping.forget),
        "rebuild": (REBUILD_EVERY, node.matches.rebuild),
    }
    scheduler = AsyncIOScheduler(timezone="UTC")
    for name, (seconds, job) in table.items():
        scheduler.add_job(
            guarded(name, job),
            IntervalTrigger(seconds=seconds, timezone="UTC"),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


def guarded(name: str, job: Job) -> Callable[[], Awaitable[None]]:
    """Return `job` such that it never raises: its next run is its own repair.

    What went wrong is logged by its code and never by its text, and a job that met an error
    never says that it is done.
    """

    async def run() -> None:
        try:
            await job()
        except VeilleuseError as error:
            _log.warning("job-failed", job=name, code=error.code)
        except Exception as error:  # noqa: BLE001  (a bug in one job must not stop the others)
            _log.error("job-crashed", job=name, exc_info=error)

    return run
