"""What an author has signed and may not: its log stops there, and no other."""

from protocol.fold import Standing
from protocol.payload import (
    Code,
)
from tests.federation.hosts import World
from tests.federation.pulls import A, B, pull, ranges


async def test_a_poison_entry_quarantines_that_peer_at_that_index_and_nobody_else(
    world: World,
) -> None:
    bad, good = world[B], world["griselidis"]
    bad.log.announce("a")
    bad.log.announce("b")
    bad.log.revise(0, Code.WITHDRAW)
    bad.log.revise(0, Code.WITHDRAW)  # of what no longer stands
    bad.log.announce("c")
    bad.impose(bad.rows())
    good.log.announce("d")
    await good.publish()

    result = await pull(world)
    assert (result.error, result.applied, result.up_to_date) == ("fold", 3, False)
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.quarantined_at, held.quarantine) == (3, 3, "fold")
    assert held.evidence == bad.log.raws[3]
    assert held.standings[0] is Standing.WITHDRAWN

    assert (await pull(world, "griselidis")).up_to_date
    world.wire.clear()
    again = await pull(world)
    assert (again.error, again.applied) == ("quarantined", 0)
    assert ranges(world, "entries") == []


async def test_an_unknown_critical_entry_stops_the_log_there(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.raws.append(b'{"crit":true,"kind":"rewrite"}')
    author.log.pieces.append({})
    author.impose(author.rows())
    assert (await pull(world)).error == "entry-critical"
    assert world[A].ledger.log(B).quarantine == "entry-critical"


async def test_an_unknown_entry_is_stored_and_skipped(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.raws.append(b'{"kind":"listing"}')
    author.log.pieces.append({})
    author.log.announce("b")
    await author.publish()
    assert (await pull(world)).applied == 3
    assert len(world[A].effects) == 2


async def test_one_id_twice_in_a_batch_is_poison(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    rows = author.rows() * 2
    author.impose(rows)
    result = await pull(world)
    assert (result.error, result.applied) == ("fold", 1)
