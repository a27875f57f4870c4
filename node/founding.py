"""TEMPORARY: the founder deals the network's key at genesis (crypto/dealing.py).

The key ceremony (issue "Custody") deletes this file together with crypto/dealing.py; cards,
signatures and acceptance (node/genesis.py) stay. The founder's process has seen every share:
it keeps none, writes none, and must not be a machine that does anything else at that hour.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crypto.dealing import deal
from crypto.sealing import seal_to
from crypto.sharing import public_share
from crypto.values import PublicKey, SealingSecret
from federation.ports import Entropy
from node.genesis import Card, GenesisError, SealedShare, share_context
from protocol.roster import (
    MAX_CUSTODIANS,
    Auditor,
    Epoch,
    Facts,
    Parameters,
    build_genesis,
    genesis_hash,
)

_YEARS_VALID = 10


@dataclass(frozen=True, slots=True)
class Founding:
    """What the founder sends out: the same genesis to all, to each custodian its own share."""

    genesis: bytes
    """Unsigned: each officer signs it."""
    shares: dict[str, SealedShare]
    """By association id; readable by that association only."""


def found(
    cards: Sequence[Card],
    network: str,
    now: int,
    entropy: Entropy,
    parameters: Parameters | None = None,
    auditors: Sequence[Auditor] = (),
) -> Founding:
    """Found a network of the associations whose cards these are.

    The threshold is t = ⌊n/2⌋+1 of n custodians: the first 13 cards. The others are members that
    look up and announce, and hold no share.

    Args:
        cards: one for each association.
        network: short name, part of every log's origin.
        now: Unix seconds.
        entropy: randomness.
        parameters: of the network; the defaults when None.
        auditors: who may read logs.

    Raises:
        GenesisError: no card, or two that share an id or a key.
    """
    if not cards:
        raise GenesisError("A network has at least one association.")
    holders = cards[:MAX_CUSTODIANS]
    indices = range(1, len(holders) + 1)
    threshold = len(holders) // 2 + 1
    dealing = deal(threshold, indices, entropy(32))
    try:
        facts = Facts(
            network=network,
            members=tuple(
                card.member(place if place <= len(holders) else None)
                for place, card in enumerate(cards, start=1)
            ),
            auditors=tuple(auditors),
            parameters=parameters or Parameters(),
            epoch=Epoch(
                generation=1,
                id=hashlib.sha256(b"".join(dealing.commitments)).digest(),
                threshold=threshold,
                public_key=dealing.public_key,
                public_shares={
                    str(index): public_share(share) for index, share in dealing.shares.items()
                },
            ),
        )
    except ValueError:
        raise GenesisError("Two cards share an id or a key, or an address is no URL.") from None
    expires = datetime.fromtimestamp(now, UTC) + timedelta(days=366 * _YEARS_VALID)
    metadata = build_genesis(facts, expires)
    network_id = genesis_hash(metadata)
    shares = {
        card.id: SealedShare(
            network=network_id,
            member=card.id,
            index=index,
            sealed=seal_to(
                PublicKey(card.sealing_key),
                dealing.shares[index].reveal(),
                share_context(network_id, index),
                SealingSecret(entropy(32)),
            ),
        )
        for index, card in zip(indices, holders, strict=True)
    }
    return Founding(metadata.to_bytes(), shares)
