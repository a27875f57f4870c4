"""Reports for tests: drafts of fictional numbers, and the steps of their life."""

from typing import Any

from node.services.model import ReportDraft, read_draft
from node.services.views import LookupView, ReportView
from tests.node.network_fixture import Station

NARRATIVE = "Une histoire que personne d’autre ne doit lire."


def draft(*numbers: str, **fields: Any) -> ReportDraft:  # noqa: ANN401
    """A report that may be federated, of low severity: one approval is enough."""
    said: dict[str, Any] = {
        "severity": "risque",
        "violence": ["vol"],
        "month": "2026-01",
        "narrative": NARRATIVE,
        "consents": {"federated_tag": True},
        "identifiers": [{"text": number} for number in numbers],
    }
    return read_draft(said | fields)


async def reported(station: Station, *numbers: str, **fields: Any) -> str:  # noqa: ANN401
    """Hand in a report and return its id."""
    made = await station.node.reports.create(
        station.people["caseworker"], draft(*numbers, **fields)
    )
    return made.id


async def approved(station: Station, *numbers: str, **fields: Any) -> str:  # noqa: ANN401
    """Hand in a report, have it approved, and return its id."""
    report = await reported(station, *numbers, **fields)
    await station.node.reports.approve(station.people["moderator"], report)
    return report


async def published(station: Station, *numbers: str, **fields: Any) -> str:  # noqa: ANN401
    """Hand in a report, have it approved and announced, and return its id."""
    report = await approved(station, *numbers, **fields)
    await station.node.publisher.run()
    return report


async def withdraw(station: Station, report: str) -> ReportView:
    """Withdraw a report as a moderator."""
    return await station.node.reports.withdraw(station.people["moderator"], report)


async def look_up(station: Station, text: str, region: str | None = None) -> LookupView:
    """Look a number up as a caseworker."""
    return await station.node.lookups.search(station.people["caseworker"], text, region=region)


async def log_size(station: Station, origin: str | None = None) -> int:
    """Return how many entries a station holds of a log; of its own by default."""
    name = origin or station.id
    return await station.node.ledger.read(lambda tx: tx.position(name).applied.size)
