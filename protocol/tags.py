"""From an OPRF output to tags and notice keys: design section 5, docs/spec/tags.md.

    salt   = HMAC-SHA256(network id, "veilleuse/argon2-salt/v1" ‖ lp(generation)), first 16 bytes
    Z      = Argon2id(F, salt)
    tag_a  = HMAC-SHA256(Z, "veilleuse/tag/v1"  ‖ lp(generation) ‖ lp(association a))
    body_a = HMAC-SHA256(Z, "veilleuse/body/v1" ‖ lp(generation) ‖ lp(association a))

A tag belongs to its association: copied into another log it matches nothing.
"""

from crypto.derivation import argon2id, hmac_sha256
from crypto.labels import Label
from crypto.values import Secret
from protocol.roster import Stretching

TAG_SIZE = 32
SALT_SIZE = 16


def stretch(output: bytes, network_id: bytes, generation: int, cost: Stretching) -> Secret:
    """Return Z, 32 bytes, the secret from which every association's tag of one number follows.

    Slow on purpose (about 16 ms): if K ever leaks, each guess of a number costs this much.

    Args:
        output: the finalized VOPRF output F, 64 bytes.
        network_id: SHA-256 of the genesis roster, 32 bytes.
        generation: which K produced `output`, from 1.
        cost: Argon2id parameters, fixed at genesis.
    """
    salt = hmac_sha256(network_id, Label.ARGON2_SALT, _number(generation))[:SALT_SIZE]
    return argon2id(output, salt, cost.operations, cost.memory_kib)


def tag_of(z: Secret, generation: int, association: str) -> bytes:
    """Return the 32-byte tag under which `association` announces the identifier behind `z`."""
    return hmac_sha256(z, Label.TAG, _number(generation), association.encode())


def body_key(z: Secret, generation: int, association: str) -> Secret:
    """Return the 32-byte key that seals `association`'s notice about the identifier behind `z`."""
    return Secret(hmac_sha256(z, Label.BODY, _number(generation), association.encode()))


def _number(generation: int) -> bytes:
    return generation.to_bytes(4, "big")
