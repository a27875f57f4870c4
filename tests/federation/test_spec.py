"""docs/spec/mirroring.md and evaluation.md say what the code does."""

import re
from pathlib import Path

import pytest

from federation.client import PATIENCE, Lane
from federation.gather import Hurry
from federation.health import LIE_LIFTED_BY
from federation.hints import MAX_HINT_SIZE
from federation.pacing import FIRST_BACKOFF, LONGEST_BACKOFF, POLL_EVERY
from federation.ports import MAX_ANSWERS
from federation.problems import STATUS
from federation.puller import MAX_PULL, MIN_ENTRIES
from federation.ranges import ANSWER_LIMIT, MAX_ENTRIES, MAX_ENTRIES_SIZE, MAX_PAYLOADS_SIZE
from federation.recovering import MAX_RECOVERED
from protocol.errors import PeerError
from protocol.requests import RequestError

SPEC = Path(__file__).parents[2] / "docs" / "spec"
MIRRORING = (SPEC / "mirroring.md").read_text()
EVALUATION = (SPEC / "evaluation.md").read_text()
MIB = 2**20


def test_each_status_lists_its_codes() -> None:
    rows = dict(re.findall(r"^\| ([45]\d\d) \| (.*) \|$", MIRRORING, re.MULTILINE))
    for error, status in STATUS.items():
        if error not in (PeerError, RequestError):  # roots: their subclasses have the codes
            assert f"`{error.code}`" in rows[str(status)] or status == 400


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        (MIRRORING, "| 8,192, and 2 MiB unless", (MAX_ENTRIES, MAX_ENTRIES_SIZE / MIB)),
        (MIRRORING, "| 1 MiB, at least one row", (MAX_PAYLOADS_SIZE / MIB,)),
        (MIRRORING, "bytes that are read | 4 MiB", (ANSWER_LIMIT / MIB,)),
        (MIRRORING, "one pull | 32,768", (MAX_PULL,)),
        (MIRRORING, "up to date: 64 entries at a time", (MAX_RECOVERED,)),
        (MIRRORING, "At most 64 KiB", (MAX_HINT_SIZE / 1024,)),
        (MIRRORING, "up to 60 s", (POLL_EVERY,)),
        (MIRRORING, "5 s, doubling to 15 min", (FIRST_BACKOFF, LONGEST_BACKOFF / 60)),
        (MIRRORING, "down to 32;", (MIN_ENTRIES,)),
        (
            MIRRORING,
            "10 s, from the connection on; 5 min in all (hints 15 s, evaluations 12 s)",
            (
                PATIENCE[Lane.PULL].window,
                PATIENCE[Lane.PULL].total / 60,
                PATIENCE[Lane.HINT].total,
                PATIENCE[Lane.EVALUATE].total,
            ),
        ),
        (EVALUATION, "for 1.5 s", (Hurry().hedge,)),
        (EVALUATION, "asked last for a day; 20 proofs", (LIE_LIFTED_BY,)),
        (EVALUATION, "given 3 times in all", (MAX_ANSWERS,)),
        (EVALUATION, "After 12 s", (Hurry().deadline,)),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_each_figure_is_the_codes(text: str, said: str, value: tuple[float, ...]) -> None:
    assert said in text
    figures = [float(figure) for figure in re.findall(r"\d+(?:\.\d+)?", said.replace(",", ""))]
    assert figures == [float(each) for each in value]
