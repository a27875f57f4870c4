"""Lookups by one host among honest and other custodians."""

import asyncio

from crypto.group import multiply
from crypto.oprf import blind, finalize
from crypto.threshold import combine
from crypto.values import SecretScalar
from federation.client import Lane, Patience, PeerClient
from federation.gather import Gathered
from tests.federation.hosts import World

A = "strass"
INPUT = b"one number"
PATH = "/federation/v1/evaluate"


def truth(world: World, text: bytes = INPUT) -> bytes:
    """Return F by the whole key, put together from the shares."""
    one = SecretScalar(b"\1" + bytes(31))
    blinded = blind(text, one)
    shares = dict(list(world.net.dealing.shares.items())[: world.net.roster.epoch.threshold])
    parts = {index: (multiply(share, blinded),) for index, share in shares.items()}
    return finalize(text, one, combine(parts)[0])


async def gather(world: World, *inputs: bytes) -> Gathered:
    return await world[A].gatherer.gather(inputs or (INPUT,))


async def finish_late(world: World) -> None:
    await asyncio.gather(*world[A].gatherer._late)


def at(world: World, name: str, url: str) -> None:
    """Send A's requests to `name` to a real server instead."""
    host = world[A]
    host.clients[name] = PeerClient(
        name,
        url,
        host.identity,
        host.clock,
        host.random.randbytes,
        patience=dict.fromkeys(Lane, Patience(connect=1, window=0.8, least=100, total=1.5)),
    )
    host.gatherer.clients = host.clients
