"""All tables of `make bench`: our figures beside the peers', each pair from one run.

    python -m tests.bench.run [--smoke]

`--smoke` runs every program with few rounds: it says whether they work, and nothing of speed.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from tests.bench import bench_crypto, bench_lookup
from tests.bench.report import Row, table

TABLES: Final[Mapping[str, tuple[Callable[[int], list[Row]], int, int]]] = {
    "One element, bare calls beside ours": (bench_crypto.rows, 20, 1),
    "One lookup over four nodes, beside its cryptography": (bench_lookup.rows, 300, 4),
}
"""Title to function, its rounds, and its rounds in a smoke run."""


def main(arguments: list[str]) -> int:
    """Print each table as soon as it is measured; return 2 for an unknown argument."""
    if arguments not in ([], ["--smoke"]):
        print(__doc__)
        return 2
    for title, (rows, rounds, few) in TABLES.items():
        measured = rows(few if arguments else rounds)
        print(f"\n{title}\n\n{table(measured)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
