"""The story that the demo tells, played by itself: each step either holds or names what did not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from node.audit.folders import read_folder, roster_of
from node.cli.errors import RemoteError
from node.demo.cast import (
    CABIRIA,
    ENTRACTES,
    GRISELIDIS,
    NARRATIVE,
    NARRATIVE_ANEW,
    NUMBER,
    PLAYERS,
    SPELLINGS,
    STRASS,
    TOLD_ANEW,
    TYPED,
    UNKNOWN,
    Player,
)
from node.demo.holdings import held_bytes
from node.demo.needles import narratives
from node.demo.search import number_needles, search
from node.demo.stage import Stage
from node.labels import N_
from node.services.dates import month_of
from protocol.audit import audit

LIMIT: Final = 60.0
"""Seconds after which a publication or a withdrawal must have reached everyone."""

STEPS: Final[Mapping[str, str]] = {
    "unknown": N_("Un numéro que personne n’a signalé : rien trouvé, partout cherché"),
    "report": N_("Lyon signale un numéro ; rien n’est encore annoncé"),
    "approve": N_("Deux personnes de Lyon relisent ; la même ne compte pas deux fois"),
    "found": N_("Toulouse le trouve, écrit de cinq autres façons"),
    "unreadable": N_("Aucun des quatre dossiers ne montre ni le numéro ni le récit"),
    "serial": N_("Paris signale la même personne : Paris et Lyon sont prévenues"),
    "withdraw": N_("Lyon puis Paris retirent : plus personne ne trouve rien"),
    "erased": N_("L’étiquette et l’avis scellé ont disparu de tous les disques"),
    "audit": N_("Le contrôle des journaux ne trouve aucun manquement"),
}


class _FailedError(Exception):
    """A step did not hold; the text says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended."""

    step: str
    held: bool
    seconds: float
    detail: str


@dataclass(slots=True)
class Story:
    """One telling of the story on one stage."""

    stage: Stage
    ids: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)

    def play(self) -> Iterator[Outcome]:
        """Play step after step; a step that does not hold is the last one."""
        steps: Mapping[str, Callable[[], str]] = {
            "unknown": self._unknown,
            "report": self._report,
            "approve": self._approve,
            "found": self._found,
            "unreadable": self._unreadable,
            "serial": self._serial,
            "withdraw": self._withdraw,
            "erased": self._erased,
            "audit": self._audit,
        }
        for name, step in steps.items():
            begun = self.stage.clock.monotonic()
            try:
                detail, held = step(), True
            except (_FailedError, RemoteError) as error:
                detail, held = str(error), False
            yield Outcome(name, held, round(self.stage.clock.monotonic() - begun, 1), detail)
            if not held:
                return

    def _unknown(self) -> str:
        for player in PLAYERS:
            self._expect(player, UNKNOWN, "NO_MATCH", set())
        return "NO_MATCH x 4"

    def _report(self) -> str:
        self.ids["cabiria"] = report(self.stage, CABIRIA, TYPED, NARRATIVE)
        self._expect(GRISELIDIS, NUMBER, "NO_MATCH", set())
        return "pending"

    def _approve(self) -> str:
        path = f"/reports/{self.ids['cabiria']}/approve"
        with self.stage.client(CABIRIA, "moderator") as first:
            answer = first.post(path)
            _require(answer["status"] == "pending", "one person was enough")
            try:
                first.post(path)
            except RemoteError as error:
                _require(error.remote_code == "already-decided", error.remote_code)
            else:
                raise _FailedError("one person counted twice")
        with self.stage.client(CABIRIA, "moderator2") as second:
            _require(second.post(path)["status"] == "approved", "two people were not enough")
        return "2/2"

    def _found(self) -> str:
        begun = self.stage.clock.monotonic()
        self._wait(GRISELIDIS, SPELLINGS[0], "MATCH", {"cabiria"})
        seconds = self.stage.clock.monotonic() - begun
        for spelling in SPELLINGS:
            self._expect(GRISELIDIS, spelling, "MATCH", {"cabiria"})
        self._wait(ENTRACTES, NUMBER, "MATCH", {"cabiria"})
        return f"{seconds:.1f} s"

    def _unreadable(self) -> str:
        # Every folder, Lyon's own too: what it wrote is sealed there.
        needles = [*number_needles("number", NUMBER, [TYPED, *SPELLINGS]), *narratives()]
        leaks = [leak for station in self.stage.stations for leak in search(station.data, needles)]
        _require(not leaks, "; ".join(f"{leak.needle} in {leak.file.name}" for leak in leaks))
        return f"{len(needles)} x 4"

    def _serial(self) -> str:
        self.ids["strass"] = report(self.stage, STRASS, TOLD_ANEW, NARRATIVE_ANEW)
        approve(self.stage, STRASS, self.ids["strass"])
        for player, other in ((CABIRIA, STRASS), (STRASS, CABIRIA)):
            with self.stage.client(player, "caseworker") as node:

                def told(node: Any = node, other: Player = other) -> bool:  # noqa: ANN401
                    return any(match["association"] == other.id for match in node.get("/matches"))

                _require(self.stage.wait(told, LIMIT), f"{player.id} was not told")
        self._wait(GRISELIDIS, NUMBER, "MATCH", {"cabiria", "strass"})
        return "2"

    def _withdraw(self) -> str:
        roster_folders = [station.data for station in self.stage.stations]
        self.pieces = [piece for folder in roster_folders for piece in held_bytes(folder)]
        _require(bool(self.pieces), "no payload was held anywhere")
        begun = self.stage.clock.monotonic()
        withdraw(self.stage, CABIRIA, self.ids["cabiria"])
        self._wait(GRISELIDIS, NUMBER, "MATCH", {"strass"})
        withdraw(self.stage, STRASS, self.ids["strass"])
        for player in PLAYERS:
            self._wait(player, NUMBER, "NO_MATCH", set())
        seconds = self.stage.clock.monotonic() - begun
        _require(seconds < LIMIT, f"{seconds:.0f} s")
        return f"{seconds:.1f} s"

    def _erased(self) -> str:
        def gone() -> bool:
            contents = (
                path.read_bytes()
                for station in self.stage.stations
                for path in station.data.glob("node.db*")
            )
            return not any(piece in content for content in contents for piece in self.pieces)

        _require(self.stage.wait(gone, LIMIT), "an erased payload is still on a disk")
        return str(len(self.pieces))

    def _audit(self) -> str:
        folders = [station.data for station in self.stage.stations]
        copies = [copy for folder in folders for copy in read_folder(folder)]
        verdict = audit(roster_of(folders), copies, month_of(self.stage.clock.now()))
        _require(verdict.sound, "; ".join(finding.sentence for finding in verdict.findings))
        return str(len(copies))

    def _wait(self, player: Player, text: str, answer: str, associations: set[str]) -> None:
        """Look up until the answer is this one; the last difference is the failure."""
        seen: list[_FailedError] = []

        def expected() -> bool:
            try:
                self._expect(player, text, answer, associations)
            except _FailedError as error:
                seen.append(error)
                return False
            return True

        if not self.stage.wait(expected, LIMIT):
            raise seen[-1]

    def _expect(self, player: Player, text: str, answer: str, associations: set[str]) -> None:
        with self.stage.client(player, "caseworker") as node:
            found = node.post("/lookups", {"text": text})
        others = {match["association"] for match in found["matches"]}
        if (found["answer"], others) != (answer, associations):
            raise _FailedError(
                f"{player.id} answers {found['answer']} {sorted(others)}, "
                f"expected {answer} {sorted(associations)}"
            )


def report(stage: Stage, player: Player, typed: str, narrative: str) -> str:
    """Hand in a dangerous event at `player`'s node, to be federated; return the report's id."""
    with stage.client(player, "caseworker") as node:
        created = node.post(
            "/reports",
            {
                "identifiers": [{"kind": "phone", "text": typed}],
                "severity": "dangereux",
                "violence": ["menaces", "non_paiement"],
                "month": month_of(stage.clock.now()),
                "area": "69",
                "narrative": narrative,
                "consents": {"keep_local": True, "federated_tag": True, "contact": True},
            },
        )
    return str(created["id"])


def approve(stage: Stage, player: Player, report_id: str) -> None:
    """Have both moderators approve."""
    for person in ("moderator", "moderator2"):
        with stage.client(player, person) as node:
            node.post(f"/reports/{report_id}/approve")


def withdraw(stage: Stage, player: Player, report_id: str) -> None:
    """Have its author withdraw a report."""
    with stage.client(player, "caseworker") as node:
        node.post(f"/reports/{report_id}/withdraw")


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001
    if not condition:
        raise _FailedError(otherwise)
