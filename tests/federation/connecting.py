"""Clients of real servers on loopback."""

from collections.abc import Callable

from federation.client import Patience, PeerClient
from federation.identity import Identity
from tests.protocol.builders import network, seed

# Long enough for a busy machine: what must not happen takes several times longer.
SHORT = Patience(connect=2, window=0.4, least=100, total=1.2)
IDENTITY = Identity("strass", seed("strass transport"), seed("strass witness"))
ROSTER = network().roster

Connect = Callable[..., PeerClient]


def headers_of(raw: bytes) -> dict[str, str]:
    lines = raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
