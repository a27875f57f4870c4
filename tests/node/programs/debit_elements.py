"""Debits elements from one member's quota until it is used up; prints how many were granted."""

import asyncio
import itertools
import sys
from functools import partial
from pathlib import Path

from federation.errors import QuotaError
from federation.ports import Transaction
from node.storage.database import Database
from node.storage.ledger import SqlLedger

LIMIT = 100


def debit(request: bytes, tx: Transaction) -> bool:
    return tx.debit("strass", request, b"body", 3, 1, LIMIT)


async def main(folder: Path, name: str) -> None:
    database = Database(f"sqlite:///{folder / 'node.db'}")
    await database.open()
    ledger = SqlLedger(database)
    granted = 0
    for number in itertools.count():
        request = f"{name}-{number}".encode()
        try:
            await ledger.write(partial(debit, request))
        except QuotaError:
            break
        granted += 3
    await database.close()
    sys.stdout.write(f"{granted}\n")


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
