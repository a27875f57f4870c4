"""Pitfall 31: after an erasure, what was erased is in no file of the node's folder."""

from pathlib import Path

import pytest

from federation.ports import Stored, Transaction
from node.storage.database import Database
from node.storage.erasure import expire
from node.storage.ledger import SqlLedger
from protocol.payload import AnnouncePayload, Opening
from tests.node.log_entries import Author, apply, payload_of, pseudorandom

TAG = pseudorandom("the tag that must go")
A, B = "cabiria", "griselidis"


async def append(database: Database, origin: str, *rows: Stored) -> None:
    def work(tx: Transaction) -> None:
        assert apply(tx, origin, rows).poison is None

    await SqlLedger(database).write(work)


def traces(rows: list[Stored]) -> list[bytes]:
    """Bytes that show what `rows` announced: payloads, salts, and the tag as it is indexed."""
    return [
        TAG,
        TAG.hex().encode(),
        *(
            part
            for row in rows
            for piece in row.pieces
            if isinstance(piece, Opening) and b"until" in piece.payload
            for part in (piece.payload[:64], piece.payload[-64:], piece.salt)
        ),
    ]


def found(folder: Path, wanted: list[bytes]) -> list[tuple[str, bytes]]:
    contents = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    return [(name, part) for name, held in contents.items() for part in wanted if part in held]


async def fill(database: Database, origin: str, count: int) -> Author:
    author = Author(origin)
    await append(database, origin, *(author.announce(pseudorandom(n)) for n in range(count)))
    return author


@pytest.mark.parametrize("one_batch", [True, False])
async def test_a_withdrawn_announcement_is_in_no_file(
    database: Database, tmp_path: Path, *, one_batch: bool
) -> None:
    author, _ = await fill(database, A, 40), await fill(database, B, 40)
    announced, amended = author.announce(TAG), author.amend(40)
    rows = [announced, amended, author.withdraw(40)]
    if one_batch:
        await append(database, A, *rows)
    else:
        for row in rows:
            await append(database, A, row)
    wanted = traces([announced, amended])
    assert len(wanted) == 8
    # In one transaction nothing of it ever reached a file.
    assert bool(found(tmp_path / "data", wanted)) is not one_batch
    assert await database.erase_traces()
    assert found(tmp_path / "data", wanted) == []


async def test_an_expired_announcement_is_in_no_file(database: Database, tmp_path: Path) -> None:
    author = await fill(database, A, 40)
    announced = author.announce(TAG, until="2026-10")
    await append(database, A, announced)
    await database.write(lambda session: expire(session, "2026-11"))
    wanted = traces([announced])
    assert found(tmp_path / "data", wanted)
    assert await database.erase_traces()
    assert found(tmp_path / "data", wanted) == []


def test_what_is_searched_for_is_what_was_there() -> None:
    announced = Author(A).announce(TAG)
    payload = AnnouncePayload.model_validate_json(payload_of(announced))
    assert payload.tag == TAG
    assert TAG.hex().encode() in payload_of(announced)
