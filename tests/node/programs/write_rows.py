"""Writes rows until it is killed; prints each one's key once `Database.write` has returned."""

import asyncio
import itertools
import sys
from pathlib import Path

from sqlmodel import Session

from node.storage.database import Database
from node.storage.report_tables import SeenRow


async def main(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'node.db'}")
    await database.open()
    for number in itertools.count():
        key = b"row-%08d" % number

        def insert(session: Session, key: bytes = key) -> None:
            session.add(SeenRow(key=key))

        await database.write(insert)
        sys.stdout.buffer.write(key + b"\n")
        sys.stdout.buffer.flush()


asyncio.run(main(Path(sys.argv[1])))
