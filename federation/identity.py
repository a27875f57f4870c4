"""Who this node is towards its peers: the keys that the boot level of unlock opens."""

from dataclasses import dataclass

from crypto.values import SigningSeed


@dataclass(frozen=True, slots=True)
class Identity:
    """This node's association id and its two boot keys."""

    id: str
    transport: SigningSeed
    witness: SigningSeed
