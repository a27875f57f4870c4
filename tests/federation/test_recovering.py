"""What was kept back or lost makes lookups incomplete until it comes; then it is searched."""

from collections.abc import Callable

import pytest

from federation import mirror as mirror_module
from federation import puller as puller_module
from federation.recovering import runs_of
from protocol.answer import Unsearched, gap_of
from protocol.entries import Announce, parse_entry
from protocol.fold import Amended, Announced, Standing
from protocol.payload import (
    Code,
    Expired,
    Gone,
    Held,
    Opening,
    Piece,
    Slot,
    commit,
    encode_pieces,
    parse_pieces,
)
from tests.federation.hosts import World

A, B = "strass", "cabiria"
BIG = 1 << 22


def keeping_back(piece: Piece) -> Callable[[str, bytes], bytes]:
    """Answer as an honest peer would, but with `piece` for all that can be erased."""

    def bend(path: str, content: bytes) -> bytes:
        if "/payloads/" not in path:
            return content
        return encode_pieces([(*row[:-1], piece) for row in parse_pieces(content, BIG)])

    return bend


async def pull(world: World) -> str | None:
    return (await world[A].puller.pull(B)).error


async def reason(world: World) -> Unsearched | None:
    now = world.clock.now()
    statuses = await world[A].ledger.read(lambda tx: tx.mirrors(now))
    gap = next(gap_of(each, now, 86_400) for each in statuses if each.member == B)
    return None if gap is None else gap.reason


@pytest.mark.parametrize("piece", [Expired(), Gone(by=9)], ids=["expired", "gone"])
async def test_what_was_kept_back_is_asked_for_again_and_then_searched(
    world: World, piece: Piece
) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    author.log.announce("b")
    await author.publish()
    author.bend = keeping_back(piece)
    assert await pull(world) is None
    assert await reason(world) is Unsearched.PAYLOAD_MISSING
    assert await pull(world) is None
    assert await reason(world) is Unsearched.PAYLOAD_MISSING
    reader.effects.clear()
    author.bend = None
    assert await pull(world) is None
    assert await reason(world) is None
    assert reader.ledger.log(B).rows == author.rows()
    assert reader.ledger.log(B).standings == {0: Standing.LIVE, 1: Standing.LIVE}
    # Whoever matches announcements against own reports hears of these like of any other.
    assert [type(effect) for effect in reader.effects] == [Announced, Announced]
    assert all(isinstance(e, Announced) and e.payload is not None for e in reader.effects)
    world.wire.clear()
    await pull(world)
    assert [exchange.path for exchange in world.wire] == ["/log/checkpoint"]


@pytest.mark.parametrize(
    ("codes", "standing"),
    [
        ((Code.DISPUTE,), Standing.DISPUTED),
        ((Code.DISPUTE, Code.AMEND), Standing.LIVE),
        ((Code.AMEND, Code.DISPUTE), Standing.DISPUTED),
    ],
)
async def test_it_stands_where_its_revisions_since_have_put_it(
    world: World, codes: tuple[Code, ...], standing: Standing
) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    for code in codes:
        author.log.revise(1, Code.DISPUTE)
        author.log.revise(0, code)
    await author.publish()
    author.bend = keeping_back(Expired())
    await pull(world)
    author.bend = None
    await pull(world)
    held = world[A].ledger.log(B)
    assert held.standings == {0: standing, 1: Standing.DISPUTED}


async def test_an_amended_notice_comes_late_too(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.revise(0, Code.AMEND)
    await author.publish()
    author.bend = keeping_back(Expired())
    await pull(world)
    assert isinstance(reader.ledger.log(B).rows[1].pieces[1], Expired)
    author.bend = None
    await pull(world)
    assert reader.ledger.log(B).rows == author.rows()
    assert isinstance(reader.effects[-1], Amended)
    assert reader.ledger.log(B).standings == {0: Standing.LIVE}


async def test_what_was_withdrawn_meanwhile_stays_gone(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    author.bend = keeping_back(Expired())
    await pull(world)
    row = author.rows()[0]
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()
    author.bend = None
    await pull(world)
    assert reader.ledger.log(B).standings == {0: Standing.WITHDRAWN}
    await reader.mirror.recover(B, 0, [row.pieces])
    assert reader.ledger.log(B).rows[0].pieces == (Gone(1),)


async def test_each_pull_asks_for_a_few_and_the_next_for_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (puller_module, mirror_module):
        monkeypatch.setattr(module, "MAX_RECOVERED", 2)
    author = world[B]
    for number in "abcde":
        author.log.announce(number)
    await author.publish()
    author.bend = keeping_back(Expired())
    await pull(world)
    world.wire.clear()
    for _ in range(4):
        await pull(world)
    asked = [e.path.split("cabiria/")[1] for e in world.wire if "/payloads/" in e.path]
    assert asked == ["2/4", "4/5", "0/2", "2/4"]


async def test_late_payloads_that_do_not_open_convict_nobody(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    author.bend = keeping_back(Expired())
    await pull(world)
    for piece in (Opening(bytes(32), b"{}"), Held()):
        author.bend = keeping_back(piece)
        assert await pull(world) == "piece"
    author.bend = lambda path, content: (
        encode_pieces([[Expired()]] * 2) if "/payloads/" in path else content
    )
    assert await pull(world) == "range"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.standings) == (None, {0: Standing.MISSING})


async def test_a_late_payload_that_its_author_committed_to_and_that_is_none_convicts(
    world: World,
) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    entry = parse_entry(author.log.raws[1])
    assert isinstance(entry, Announce)
    opening = Opening(bytes(32), b'{"type":"announcement"}')
    author.log.raws[1] = Announce(id=entry.id, c=commit(B, entry.id, opening)).encode()
    author.log.pieces[1] = {Slot.MAIN: opening}
    author.impose(author.rows())
    author.bend = keeping_back(Expired())
    assert await pull(world) is None
    author.bend = None
    assert await pull(world) == "payload"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.quarantined_at) == ("payload", 1)
    assert held.standings == {0: Standing.LIVE, 1: Standing.MISSING}


def test_neighbours_are_asked_for_together() -> None:
    assert runs_of([]) == []
    assert runs_of([3, 4, 5, 8, 10, 11]) == [(3, 6), (8, 9), (10, 12)]
