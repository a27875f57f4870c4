"""Break crypto/ and protocol/ a little, many times, and see whether a test notices.

    python -m tests.mutation [MODULE.* ...]     without names: both rooms, whole

Exits 1 if less than FLOOR of the mutants die. Each survivor is printed by name;
`.venv/bin/mutmut show NAME` shows what it changed, and a vector or a test then kills it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.tools import NOT_RUN, REQUIRE_ALL

ROOT: Final = Path(__file__).resolve().parent.parent
MUTMUT: Final = (sys.executable, "-m", "mutmut")
# Some mutants change nothing that can be observed, so all of them is not a goal.
FLOOR: Final = 0.95
LIVED: Final = ("survived", "no tests", "suspicious")
# Its parser's dependency has another name on 3.13: requirements/mutation.in.
TOO_NEW: Final = (3, 13)


def verdict(figures: dict[str, int]) -> tuple[float, str]:
    """Return the share of mutants that died, and a line about it."""
    killed = figures["killed"] + figures["timeout"] + figures["segfault"]
    lived = figures["survived"] + figures["no_tests"] + figures["suspicious"]
    share = killed / (killed + lived) if killed + lived else 0.0
    return share, f"mutants: {killed} killed, {lived} lived ({share:.1%}; at least {FLOOR:.0%})"


def survivors(names: list[str]) -> list[str]:
    """Return mutmut's lines about mutants that lived, for the chosen modules."""
    listing = subprocess.run([*MUTMUT, "results"], cwd=ROOT, capture_output=True, text=True)
    wanted = tuple(name.removesuffix("*") for name in names)
    lines = (line.strip() for line in listing.stdout.splitlines())
    return [line for line in lines if line.startswith(wanted) and line.endswith(LIVED)]


def main(names: list[str]) -> int:
    """Mutate, test, judge."""
    if sys.version_info >= TOO_NEW:
        print(f"{NOT_RUN} (needs Python 3.11 or 3.12): mutants")
        return int(os.environ.get(REQUIRE_ALL) == "1")
    subprocess.run([sys.executable, "veilleuse", "--prepare", "mutation"], cwd=ROOT, check=True)
    # It redraws a line for each mutant: only its last words are of use.
    run = subprocess.run([*MUTMUT, "run", *names], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        print(run.stdout[-4000:], run.stderr[-4000:], sep="\n")
        return run.returncode
    subprocess.run([*MUTMUT, "export-cicd-stats"], cwd=ROOT, check=True, capture_output=True)
    figures = json.loads((ROOT / "mutants/mutmut-cicd-stats.json").read_text())
    share, line = verdict(figures)
    print(*survivors(names or ["*"]), line, sep="\n")
    return int(share < FLOOR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
