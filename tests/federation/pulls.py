"""Pulling one host's log by another, and bending what is answered."""

import json
from collections.abc import Callable

from federation.puller import PullResult
from federation.ranges import encode_entries, parse_entries
from protocol.canonical import dumps
from protocol.merkle import leaf_hash
from tests.federation.hosts import World

A, B = "strass", "cabiria"
BIG = 1 << 22


async def pull(world: World, peer: str = B, by: str = A) -> PullResult:
    return await world[by].puller.pull(peer)


def paths(world: World) -> list[str]:
    return [exchange.path for exchange in world.wire]


def ranges(world: World, kind: str) -> list[str]:
    return [path for path in paths(world) if f"/{kind}/" in path]


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
