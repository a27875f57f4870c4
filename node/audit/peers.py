"""Copies of logs from running nodes, asked with the key of a member or of a rostered auditor."""

from collections.abc import Sequence

from federation.client import PeerClient
from federation.errors import RefusedError
from federation.heads import HEAD_LIMIT, Head, open_head
from federation.identity import Identity
from federation.ports import Clock, Entropy
from federation.ranges import (
    ANSWER_LIMIT,
    MAX_ENTRIES,
    entries_path,
    parse_entries,
    payloads_path,
)
from protocol.audit import Copy
from protocol.payload import Piece, parse_pieces
from protocol.roster import Member, Roster

_NOT_FOUND = 404


async def read_peers(
    roster: Roster,
    members: Sequence[Member],
    identity: Identity,
    clock: Clock,
    entropy: Entropy,
) -> list[Copy]:
    """Return each of `members`' copies of each other's logs, under the authors' own heads.

    An auditor is shown the codes and, of everything else, whether it is held.

    Args:
        roster: verified.
        members: whom to ask.
        identity: the asker's; its transport key is in the roster.
        clock: for requests and heads.
        entropy: for nonces.

    Raises:
        FederationError: a node cannot be reached, refuses, or answers against the specification.
    """
    clients = {
        member.id: PeerClient(member.id, member.url, identity, clock, entropy) for member in members
    }
    try:
        heads = [
            head
            for client in clients.values()
            if (head := await _head(roster, client, clock)) is not None
        ]
        return [await _copy(client, head) for client in clients.values() for head in heads]
    finally:
        for client in clients.values():
            await client.close()


async def _head(roster: Roster, client: PeerClient, clock: Clock) -> Head | None:
    try:
        note = await client.get("/log/checkpoint", HEAD_LIMIT)
    except RefusedError as error:
        if error.status == _NOT_FOUND:
            return None  # nothing was ever published
        raise
    return open_head(roster, client.peer, note, clock.now())


async def _copy(client: PeerClient, head: Head) -> Copy:
    """Return `client`'s copy of the log under `head`; empty where it is not held that far yet."""
    entries: list[bytes] = []
    pieces: list[tuple[Piece, ...]] = []
    size = head.checkpoint.size
    try:
        while len(entries) < size:
            end = min(len(entries) + MAX_ENTRIES, size)
            answer = await client.get(
                entries_path(head.origin, len(entries), end, size), ANSWER_LIMIT
            )
            entries += parse_entries(answer, end - len(entries))[0]
        while len(pieces) < size:
            end = min(len(pieces) + MAX_ENTRIES, size)
            answer = await client.get(payloads_path(head.origin, len(pieces), end), ANSWER_LIMIT)
            pieces += parse_pieces(answer, ANSWER_LIMIT)
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        return Copy(client.peer, head.origin, None, [], [])
    return Copy(client.peer, head.origin, head.note, entries, pieces)
