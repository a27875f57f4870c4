"""A pull brings everything, once, and nothing but what its author signed."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from federation import puller as puller_module
from federation.client import Lane, PeerClient
from federation.errors import MovedError, NotMemberError, StalledError
from federation.heads import split_evidence
from federation.pacing import LONGEST_BACKOFF
from federation.puller import PullResult
from federation.ranges import encode_entries, parse_entries, verify_range
from protocol.answer import Unsearched, gap_of
from protocol.canonical import dumps
from protocol.checkpoint import Checkpoint
from protocol.entries import Announce, parse_entry
from protocol.fold import Announced, Standing, Withdrawn
from protocol.merkle import EMPTY_ROOT, CompactRange, Hash, leaf_hash, verify_consistency
from protocol.note import parse_note
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
from tests.federation.hosts import World, stored
from tests.protocol.builders import LogBuilder

A, B = "strass", "cabiria"
BIG = 1 << 22


async def pull(world: World, peer: str = B, by: str = A) -> PullResult:
    return await world[by].puller.pull(peer)


def paths(world: World) -> list[str]:
    return [exchange.path for exchange in world.wire]


def ranges(world: World, kind: str) -> list[str]:
    return [path for path in paths(world) if f"/{kind}/" in path]


async def test_everything_published_is_mirrored(world: World) -> None:
    author = world[B]
    for number in "abc":
        author.log.announce(number)
    author.log.revise(1, Code.AMEND)
    await author.publish()

    result = await pull(world)

    assert result == PullResult(B, 4, up_to_date=True, error=None, at=world.clock.now())
    held = world[A].ledger.log(B)
    assert held.rows == author.rows()
    assert held.applied == author.ledger.log(B).applied
    assert (held.head_size, held.head_time) == (4, world.clock.now())
    assert [type(effect).__name__ for effect in world[A].effects] == [
        "Announced",
        "Announced",
        "Announced",
        "Amended",
    ]


async def test_a_pull_resumes_from_its_index(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    world.wire.clear()
    author.log.announce("b")
    await author.publish()
    await pull(world)
    assert ranges(world, "entries") == [f"/federation/v1/entries/{B}/1/2?head=2"]


async def test_with_nothing_new_only_the_head_is_fetched_and_its_time_renewed(
    world: World,
) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    await pull(world)
    world.wire.clear()
    world.clock.advance(3600)
    result = await pull(world)
    assert result.up_to_date
    assert paths(world) == ["/log/checkpoint"]
    assert world[A].ledger.log(B).head_time == world.clock.now()


async def test_a_peer_back_from_an_outage_with_no_new_event_is_caught_up(world: World) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    world[B].down = True
    assert (await pull(world)).error == "unreachable"
    world[B].down = False
    result = await pull(world)
    assert (result.applied, result.up_to_date) == (1, True)


async def test_a_log_longer_than_one_answer_comes_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 5
    monkeypatch.setattr("federation.serving.MAX_PAYLOADS_SIZE", 3000)
    for number in range(12):
        world[B].log.announce(str(number))
    await world[B].publish()
    result = await pull(world)
    assert (result.applied, result.up_to_date) == (12, True)
    assert len(ranges(world, "entries")) == 3
    assert len(ranges(world, "payloads")) > 3
    assert world[A].ledger.log(B).rows == world[B].rows()


async def test_an_author_may_send_less_than_was_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("federation.serving.MAX_ENTRIES_SIZE", 1)  # one entry an answer
    for number in "abc":
        world[B].log.announce(number)
    await world[B].publish()
    assert (await pull(world)).applied == 3
    assert len(ranges(world, "entries")) == 3


async def test_one_pull_does_a_bounded_piece_of_work_and_is_due_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 2
    monkeypatch.setattr(puller_module, "MAX_ENTRIES", 2)
    monkeypatch.setattr(puller_module, "MAX_PULL", 4)
    for number in range(10):
        world[B].log.announce(str(number))
    await world[B].publish()
    result = await pull(world)
    assert (result.applied, result.up_to_date, result.error) == (4, False, None)
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size) == (4, 10)  # what is not searched yet is known
    assert held.head_time is None
    assert B in world[A].schedule.take_due(world.clock.monotonic())
    assert (await pull(world)).applied == 4
    assert (await pull(world)).up_to_date


async def test_overlapping_pulls_of_one_peer_serialise(world: World) -> None:
    for number in range(5):
        world[B].log.announce(str(number))
    await world[B].publish()
    results = await asyncio.gather(*(pull(world) for _ in range(4)))
    assert sorted(result.applied for result in results) == [0, 0, 0, 5]
    assert all(result.error is None for result in results)
    assert len(ranges(world, "payloads")) == 1


async def test_a_withdrawal_takes_the_payload_with_it(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert held.standings[0] is Standing.WITHDRAWN
    assert held.rows[0].pieces == (Gone(by=1),)
    assert isinstance(world[A].effects[-1], Withdrawn)


async def test_a_late_joiner_is_told_what_is_gone_and_waits_for_the_withdrawal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 1
    monkeypatch.setattr(puller_module, "MAX_PULL", 1)
    author = world[B]
    author.log.announce("a")
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert held.rows[0].pieces == (Gone(by=1),)
    assert held.standings[0] is Standing.MISSING
    (effect,) = world[A].effects
    assert isinstance(effect, Announced)
    assert effect.payload is None
    await pull(world)
    assert world[A].ledger.log(B).standings[0] is Standing.WITHDRAWN


# --- answers that are not what the author signed ------------------------------------------

Bend = Callable[[bytes], bytes]


def entries_bent(change: Callable[[list[bytes]], list[bytes]]) -> Bend:
    def bend(content: bytes) -> bytes:
        raws, proof = parse_entries(content, 8192)
        return encode_entries(change(list(raws)), proof)

    return bend


def proof_bent(content: bytes) -> bytes:
    message = json.loads(content)
    message["proof"].append(leaf_hash(b"").hex())
    return dumps(message)


def altered(raws: list[bytes]) -> list[bytes]:
    return [raws[0].replace(b'"v":1', b'"v":2'), *raws[1:]]


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (entries_bent(altered), "consistency"),
        (entries_bent(lambda raws: [raws[0], raws[2]]), "consistency"),
        (entries_bent(lambda raws: raws[::-1]), "consistency"),
        (entries_bent(lambda raws: [*raws[:2], raws[1]]), "consistency"),
        (entries_bent(lambda raws: [*raws, raws[0]]), "range"),
        (entries_bent(lambda _: []), "range"),
        (proof_bent, "consistency"),
        (lambda _: b'{"entries":["!"],"proof":[]}', "range"),
        (lambda _: b'{"entries":[]}', "range"),
        (lambda _: b"<html>", "canonical"),
        (lambda _: b" " * (BIG + 1), "answer-size"),
    ],
    ids=[
        "altered",
        "dropped",
        "reordered",
        "doubled",
        "added",
        "none",
        "longer proof",
        "not base64",
        "no proof",
        "not JSON",
        "oversize",
    ],
)
async def test_altered_entries_are_not_applied_and_nobody_is_convicted(
    world: World, bend: Bend, code: str
) -> None:
    author = world[B]
    author.log.announce("z")
    await author.publish()
    await pull(world)
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    # The proof between the heads alone (from == to) stays as the author made it.
    author.bend = lambda path, content: (
        bend(content) if "/entries/" in path and "/1/1?" not in path else content
    )
    before = world[A].ledger.state
    result = await pull(world)
    assert (result.error, result.applied, result.up_to_date) == (code, 0, False)
    # Nothing but that there is more than is held: lookups are "behind" from now on.
    assert world[A].ledger.state.logs[B] == replace(before.logs[B], seen_size=4)
    author.bend = None
    assert (await pull(world)).applied == 3


async def test_a_root_over_nothing_that_can_be_shown_applies_nothing(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    author.impose(author.rows(), root=leaf_hash(b"wrong"))
    assert (await pull(world)).error == "consistency"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.applied.size, held.head_size) == (None, 1, 1)
    assert held.seen_size == 2  # signed, and not held: lookups are "behind"


async def test_a_wrong_root_of_a_log_never_seen_applies_nothing(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.impose(author.rows(), root=leaf_hash(b"wrong"))
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).rows == []


async def test_what_is_signed_and_not_served_is_known_not_to_be_searched(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: b"{}" if "/entries/" in path else content
    assert (await pull(world)).error == "range"
    statuses = await reader.ledger.read(lambda tx: tx.mirrors(world.clock.now()))
    (status,) = [each for each in statuses if each.member == B]
    assert (status.applied, status.known_size) == (1, 2)
    gap = gap_of(status, world.clock.now(), 86_400)
    assert gap is not None
    assert gap.reason is Unsearched.BEHIND
    held = reader.ledger.log(B)
    assert (held.head_size, held.quarantine) == (1, None)
    author.bend = None
    await pull(world)
    (status,) = [
        each for each in await reader.ledger.read(lambda tx: tx.mirrors(0)) if each.applied
    ]
    assert gap_of(status, world.clock.now(), 86_400) is None


# --- payloads -----------------------------------------------------------------------------


def pieces_bent(index: int, content: bytes) -> bytes:
    rows = [list(row) for row in parse_pieces(content, BIG)]
    opening = rows[index][0]
    assert isinstance(opening, Opening)
    bent = bytearray(opening.payload)
    bent[-3] ^= 1
    rows[index][0] = Opening(opening.salt, bytes(bent))
    return encode_pieces(rows)


def opening_of(payload: bytes, content: bytes) -> bytes:
    del content
    return encode_pieces([[Opening(bytes(32), payload)]])


@pytest.mark.parametrize(
    "bend",
    [
        lambda content: pieces_bent(0, content),
        lambda content: opening_of(b"{}", content),
        lambda _: encode_pieces([[Held()]]),
        lambda _: encode_pieces([[Gone(by=0)]]),
        lambda _: encode_pieces([[]]),
        lambda _: encode_pieces([[Expired(), Expired()]]),
    ],
    ids=["altered", "another", "kept from a member", "gone by itself", "too few", "too many"],
)
async def test_pieces_that_nobody_signed_convict_nobody(world: World, bend: Bend) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    author.bend = lambda path, content: bend(content) if "/payloads/" in path else content
    result = await pull(world)
    assert (result.error, result.applied, result.up_to_date) == ("piece", 0, False)
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.rows, held.seen_size) == (None, [], 1)
    author.bend = None
    assert (await pull(world)).up_to_date


@pytest.mark.parametrize("piece", [Gone(by=5), Expired()], ids=["gone", "expired"])
async def test_a_code_that_is_kept_back_convicts_nobody(world: World, piece: Piece) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/payloads/" not in path:
            return content
        rows = parse_pieces(content, BIG)
        return encode_pieces([rows[0], (piece, rows[1][1])])

    author.bend = bend
    assert (await pull(world)).error == "piece"
    assert world[A].ledger.log(B).quarantine is None
    author.bend = None
    assert (await pull(world)).applied == 2


async def test_a_payload_that_its_author_committed_to_and_that_is_none_convicts(
    world: World,
) -> None:
    author = world[B]
    for number in "ab":
        author.log.announce(number)
    entry = parse_entry(author.log.raws[1])
    assert isinstance(entry, Announce)
    opening = Opening(bytes(32), b'{"type":"announcement"}')
    author.log.raws[1] = Announce(id=entry.id, c=commit(B, entry.id, opening)).encode()
    author.log.pieces[1] = {Slot.MAIN: opening}
    author.log.announce("c")
    author.impose(author.rows())
    result = await pull(world)
    assert (result.error, result.applied) == ("payload", 1)
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.quarantined_at, held.applied.size) == ("payload", 1, 1)
    assert held.evidence == author.log.raws[1]  # the entry: what may be erased is not evidence


async def test_a_peer_whose_answers_stay_wrong_is_pulled_less_and_less(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    reader.schedule.take_due(world.clock.monotonic() + 1)
    author.bend = lambda path, content: b"{}" if "/entries/" in path else content
    for _ in range(12):
        assert (await pull(world)).error == "range"
        reader.schedule.take_due(world.clock.monotonic() + 1000)
    assert reader.clients[B].wait(Lane.PULL) == 0  # it answers, and quickly
    await pull(world)
    assert reader.schedule.take_due(world.clock.monotonic() + LONGEST_BACKOFF / 2 - 1) == ()
    author.bend = None
    assert (await pull(world)).error is None
    reader.schedule.take_due(world.clock.monotonic() + 1000)
    await pull(world)
    assert reader.schedule.take_due(world.clock.monotonic() + 60) == (B,)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encode_pieces([]), "range"),
        (encode_pieces([[Expired()]] * 2), "range"),
        (b'{"items":[[{}]]}', "payload"),
        (b"[", "canonical"),
    ],
)
async def test_a_malformed_payload_answer_is_nobodys_entry(
    world: World, content: bytes, code: str
) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    world[B].bend = lambda path, original: content if "/payloads/" in path else original
    assert (await pull(world)).error == code
    assert world[A].ledger.log(B).quarantine is None


# --- poison -------------------------------------------------------------------------------


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


# --- heads --------------------------------------------------------------------------------


async def test_two_histories_of_one_size_convict(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    first = world[A].ledger.log(B).head
    other = leaf_hash(b"another history")
    author.ledger.log(B).head = served = author.sign(1, other)
    assert (await pull(world)).error == "split-view"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.quarantined_at) == ("split-view", 1)
    assert held.rows == author.rows()  # what was applied stays
    evidence = json.loads(held.evidence or b"")
    assert first is not None
    notes = [base64.b64decode(evidence[key]) for key in ("held", "served")]
    assert [note.split(b"\n")[:3] for note in notes] == [
        note.split(b"\n")[:3] for note in (first, served)
    ]
    # Both are signed by the log's own key: whoever reads them needs nobody's word.
    for note in notes:
        world["griselidis"].mirror.open_head(B, note)


async def test_a_shorter_head_of_another_history_convicts_with_the_proof(world: World) -> None:

    author = world[B]
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    author.ledger.log(B).head = author.sign(2, leaf_hash(b"another history"))
    assert (await pull(world)).error == "split-view"
    evidence = json.loads(world[A].ledger.log(B).evidence or b"")
    held, served = (
        Checkpoint.parse(parse_note(base64.b64decode(evidence[key])).text)
        for key in ("held", "served")
    )
    root = Hash(bytes.fromhex(evidence["root"]))
    proof = [Hash(bytes.fromhex(item)) for item in evidence["proof"]]
    verify_consistency(served.size, root, held.size, held.root, proof)
    assert root != served.root


async def test_a_rollback_changes_nothing_and_does_not_look_fresh(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    await author.publish()
    await pull(world)
    before = world.clock.now()
    world.clock.advance(600)
    author.impose(author.rows()[:1])
    assert (await pull(world)).error == "rollback"
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size, held.head_time) == (2, 2, before)
    assert held.quarantine is None
    author.impose(author.rows())  # it fetched its own entries back from its peers
    assert (await pull(world)).up_to_date


@pytest.mark.parametrize(
    ("ahead", "error"), [(60, None), (61, "peer-clock"), (86_400, "peer-clock"), (-9999, None)]
)
async def test_a_head_from_the_future_is_refused(
    world: World, ahead: int, error: str | None
) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    log = author.ledger.log(B)
    note = author.sign(1, log.applied.root(), cosigned=world.clock.now() + ahead)
    author.bend = lambda path, content: note if path == "/log/checkpoint" else content
    result = await pull(world)
    assert result.error == error
    assert world[A].ledger.log(B).head_time == (None if error else world.clock.now() + ahead)


@pytest.mark.parametrize("who", ["griselidis", A])
async def test_the_head_of_another_log_is_refused(world: World, who: str) -> None:
    other = world[who]
    other.log.announce("a")
    await other.publish()
    note = other.sign(1, other.ledger.log(who).applied.root())
    world[B].log.announce("b")
    await world[B].publish()
    world[B].bend = lambda path, content: note if path == "/log/checkpoint" else content
    assert (await pull(world)).error == "note-signature"


async def test_a_head_without_its_authors_cosignature_is_refused(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if path != "/log/checkpoint":
            return content
        lines = content.decode().splitlines(keepends=True)
        return "".join(line for line in lines if "/witness " not in line).encode()

    author.bend = bend
    assert (await pull(world)).error == "head-uncosigned"


async def test_a_node_that_never_published_is_no_error_of_ours(world: World) -> None:
    result = await pull(world)
    assert (result.error, result.problem) == ("refused", "not-found")


async def test_a_tick_starts_what_is_due_and_waits_for_nobody(world: World) -> None:
    for name in world.names:
        world[name].log.announce("a")
        await world[name].publish()
    reader = world[A]
    assert reader.puller.tick() == ()  # within the first second, at a random moment
    world.clock.advance(1)
    started = reader.puller.tick()
    assert sorted(started) == sorted(name for name in world.names if name != A)
    assert reader.puller.results == {}
    assert reader.puller.tick() == ()
    await reader.puller.finish()
    assert len(reader.puller.results) == 3
    assert {result.error for result in reader.puller.results.values()} == {None}
    world.clock.advance(60)
    assert len(reader.puller.tick()) == 3


async def test_a_pull_that_meets_another_writer_stops_without_writing(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    head = reader.mirror.open_head(B, author.ledger.log(B).head or b"")

    rows = author.rows()
    with pytest.raises(MovedError):
        await reader.mirror.extend(head, CompactRange(), [rows[0].raw], [rows[0].pieces])
    assert reader.ledger.log(B).applied.size == 1


async def test_after_a_stall_less_is_asked_for_and_later_more_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        world[B].log.announce(str(number))
    await world[B].publish()
    client, slow = world[A].clients[B], True
    get = PeerClient.get

    async def narrow(self: PeerClient, path: str, limit: int, lane: Lane = Lane.PULL) -> bytes:
        body = await get(self, path, limit, lane)
        if slow and len(body) > 40_000:
            raise StalledError("A thin line.")
        return body

    monkeypatch.setattr(PeerClient, "get", narrow)
    results = [await pull(world) for _ in range(6)]
    assert [result.error for result in results[:4]] == ["stalled"] * 4
    assert results[4].error is None
    assert results[5].up_to_date
    assert client.wait(Lane.PULL) == 0
    slow = False
    world.wire.clear()
    for number in range(100):
        world[B].log.announce(f"later {number}")
    await world[B].publish()
    await pull(world)
    assert len(ranges(world, "payloads")) == 1


async def test_an_unreadable_proof_convicts_nobody_of_an_empty_log(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: proof_bent(content) if "/entries/" in path else content
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None


async def test_an_unreadable_proof_between_the_heads_convicts_nobody(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    author.bend = lambda path, content: proof_bent(content) if "/entries/" in path else content
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None
    author.bend = None
    assert (await pull(world)).applied == 1


@pytest.mark.parametrize("shared", [0, 1, 2, 5, 6])
async def test_a_longer_head_of_another_history_convicts_by_what_was_signed(
    world: World, shared: int
) -> None:
    author = world[B]
    for number in "abcdefg":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    held_note = world[A].ledger.log(B).head
    other = LogBuilder(B)
    for number in "abcdefg"[:shared]:
        other.announce(number)
    for number in "hijklmnop":
        other.announce(number)
    author.impose(stored(other))
    assert (await pull(world)).error == "split-view"
    held = world[A].ledger.log(B)
    assert (held.quarantine, held.applied.size) == ("split-view", 7)
    assert len(held.rows) == 7
    # A third party needs nothing but the log's key.
    evidence = json.loads(held.evidence or b"")
    assert evidence["index"] == shared
    assert held_note is not None
    assert base64.b64decode(evidence["held"]) == held_note
    before = CompactRange.from_bytes(bytes.fromhex(evidence["before"]))
    for kind in ("held", "served"):
        head = world["griselidis"].mirror.open_head(B, base64.b64decode(evidence[kind]))
        proof = [Hash(bytes.fromhex(item)) for item in evidence[f"{kind}_proof"]]
        verify_range(before, [base64.b64decode(evidence[f"{kind}_entry"])], proof, head.checkpoint)
    assert evidence["held_entry"] != evidence["served_entry"]


@pytest.mark.parametrize("proofs", [(), ("/3/3?",), ("/3/3?", "/1/1?"), ("/",)])
async def test_answers_altered_while_a_fork_is_looked_for_convict_nobody(
    world: World, proofs: tuple[str, ...]
) -> None:
    author = world[B]
    for number in "abc":
        author.log.announce(number)
    await author.publish()
    await pull(world)
    author.log.announce("d")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/entries/" not in path:
            return content
        message = json.loads(content)
        entries = [base64.b64decode(raw).replace(b'"v":1', b'"v":2') for raw in message["entries"]]
        content = dumps({**message, "entries": [base64.b64encode(raw).decode() for raw in entries]})
        return proof_bent(content) if any(part in path for part in proofs) else content

    author.bend = bend
    assert (await pull(world)).error == "consistency"
    assert world[A].ledger.log(B).quarantine is None


async def test_a_peer_that_refuses_to_prove_is_asked_again_later(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()

    def bend(path: str, content: bytes) -> bytes:
        if "/entries/" not in path:
            return content
        return b"{}" if "/1/1?" in path else proof_bent(content)

    author.bend = bend
    assert (await pull(world)).error == "range"
    assert world[A].ledger.log(B).quarantine is None


async def test_there_is_no_log_of_a_stranger(world: World) -> None:
    with pytest.raises(NotMemberError):
        world[A].mirror.open_head("nobody", world[B].sign(0, EMPTY_ROOT))


async def test_other_signers_of_an_empty_log_split_nothing(world: World) -> None:
    author = world[B]
    author.impose([])
    result = await pull(world)
    assert (result.error, result.up_to_date) == (None, True)
    assert world[A].ledger.log(B).head_time == world.clock.now()
    author.log.announce("a")
    await author.publish()
    assert (await pull(world)).applied == 1


async def test_contradictory_heads_while_entries_are_outstanding_convict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(puller_module, "MAX_PULL", 1)
    world[A].puller._spans[B] = 1
    author = world[B]
    author.log.announce("a")
    author.log.announce("b")
    author.log.announce("c")
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size) == (1, 3)
    other = LogBuilder(B)  # the same first entry, then another history of the same length
    for number in "axy":
        other.announce(number)
    author.impose(stored(other))
    assert (await pull(world)).error == "split-view"
    assert len(world[A].ledger.log(B).rows) == 1
    evidence = json.loads(world[A].ledger.log(B).evidence or b"")
    assert set(evidence) == {"held", "served"}


async def test_any_sign_of_life_ends_the_wait_for_a_peer_that_was_away(world: World) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    reader = world[A]
    world.clock.advance(1)
    reader.schedule.take_due(world.clock.monotonic())
    world[B].down = True
    for _ in range(12):
        await pull(world)
        world.clock.advance(reader.clients[B].wait(Lane.PULL))
    reader.schedule.take_due(world.clock.monotonic())
    await pull(world)
    world.clock.advance(60)
    assert reader.clients[B].wait(Lane.PULL) > 300
    assert reader.schedule.take_due(world.clock.monotonic()) == ()
    world[B].down = False

    for peer in ("nobody", A, "auditrice", B):
        reader.puller.contact(peer)
    world.clock.advance(1)
    assert reader.schedule.take_due(world.clock.monotonic()) == (B,)
    assert (await pull(world)).up_to_date

    reader.puller.contact(B)  # of a peer that was never away, it changes nothing
    world.clock.advance(0.9)
    assert reader.schedule.take_due(world.clock.monotonic()) == ()


async def test_evidence_against_a_log_of_which_no_head_is_held(world: World) -> None:
    head = world[A].mirror.open_head(B, world[B].sign(1, leaf_hash(b"one history")))
    evidence = json.loads(await world[A].ledger.read(lambda tx: split_evidence(tx, None, head)))
    assert (evidence["held"], base64.b64decode(evidence["served"])) == (None, head.note)
