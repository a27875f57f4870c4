"""How associations become a network: cards, a genesis that officers sign, taking one's place in it.

each association   member_card           its name, address and public keys
the founder        node.founding.found   the genesis, and a sealed share for each
each officer       sign_genesis          q = ⌈2n/3⌉ signatures make it valid
each association   accept                checks genesis, its own officer's signature and share,
                                         writes both to disk
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from securesystemslib.signer import Signature
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from crypto.derivation import lp
from crypto.errors import EncodingError, SealError
from crypto.labels import Label
from crypto.sealing import unseal_from
from crypto.sharing import public_share
from crypto.signing import public_key, sign
from crypto.threshold import combine
from crypto.values import Element, PublicKey, SecretScalar, SigningSeed
from federation.identity import Identity
from federation.ports import Entropy
from node.errors import NodeError
from node.roster_file import KEYS_FOLDER, write_roster
from node.vault.custody import store_share
from node.vault.passphrase import DEFAULT_COST
from node.vault.vault import Vault
from protocol.message import AssociationId, Base64, Hex32, Message
from protocol.roster import Epoch, Member, Roster, Stretching, officer_key, verify_genesis


class GenesisError(NodeError):
    """A card, a genesis or a share does not fit this association's keys."""

    code: ClassVar[str] = "genesis"


class Card(Message):
    """What an association hands to the founder: nothing in it is secret."""

    v: Literal[1] = 1
    id: AssociationId
    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: str
    region: Literal["FR", "BE"] = "FR"
    contact: Annotated[str, Field(max_length=120)] = ""
    transport_key: Hex32
    log_key: Hex32
    witness_key: Hex32
    sealing_key: Hex32
    officer_key: Hex32

    def member(self, custodian: int | None) -> Member:
        """Return this association's line in a roster."""
        return Member(**self.model_dump(exclude={"v"}), custodian=custodian)


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys of one's own association, as a genesis must name them.

    Attributes:
        identity: from the boot keys.
        vault: for its keys.
        officer: the officer's public key, from one's own card. Its signature on a genesis is what
            says that the association agreed to it.
    """

    identity: Identity
    vault: Vault
    officer: PublicKey


class SealedShare(Message):
    """One custodian's share, readable by that association's vault only."""

    v: Literal[1] = 1
    network: Hex32
    member: AssociationId
    index: Annotated[int, Field(ge=1, le=65_535)]
    sealed: Base64


def member_card(
    identity: Identity,
    vault: Vault,
    officer: PublicKey,
    name: str,
    url: str,
    region: Literal["FR", "BE"] = "FR",
    contact: str = "",
) -> Card:
    """Return this association's card. The vault may be locked.

    Args:
        identity: from the boot keys.
        vault: for its two public keys.
        officer: the officer's public key, 32 bytes.
        name: as people know the association.
        url: under which peers reach the node.
        region: whose numbers have no country when typed here.
        contact: how staff of another association reach this one.
    """
    return Card(
        id=identity.id,
        name=name,
        url=url,
        region=region,
        contact=contact,
        transport_key=public_key(identity.transport),
        log_key=vault.log_key,
        witness_key=public_key(identity.witness),
        sealing_key=vault.sealing_key,
        officer_key=officer,
    )


def sign_genesis(genesis: bytes, seed: SigningSeed) -> bytes:
    """Return `genesis` with one officer's signature added.

    Raises:
        GenesisError: not a genesis, or this officer is not named in it.
    """
    metadata = read_metadata(genesis)
    key = officer_key(public_key(seed))
    if key.keyid not in metadata.signed.keys:
        raise GenesisError("This officer's key is not in the genesis: nothing was signed.")
    signature = sign(seed, metadata.signed_bytes).hex()
    metadata.signatures[key.keyid] = Signature(key.keyid, signature)
    return metadata.to_bytes()


def merge_signatures(one: bytes, other: bytes) -> bytes:
    """Return the genesis with the signatures of both copies.

    Raises:
        GenesisError: they are not copies of one genesis.
    """
    first, second = read_metadata(one), read_metadata(other)
    if first.signed_bytes != second.signed_bytes:
        raise GenesisError("These are two different genesis files.")
    first.signatures.update(second.signatures)
    return first.to_bytes()


def read_metadata(genesis: bytes) -> Metadata[Root]:
    """Return the TUF metadata in `genesis`, nothing verified.

    Raises:
        GenesisError: it is none.
    """
    try:
        return Metadata[Root].from_bytes(genesis)
    except (DeserializationError, ValueError, RecursionError):
        raise GenesisError("This is not a genesis file.") from None


def accept(
    data: Path,
    genesis: bytes,
    share: SealedShare | None,
    own: OwnKeys,
    passphrase: str,
    entropy: Entropy,
    cost: Stretching = DEFAULT_COST,
) -> Roster:
    """Join the network: verify everything, then write roster and custody files.

    Args:
        data: the node's data folder.
        genesis: signed by enough officers.
        share: this association's; None for a member that holds none.
        own: the keys that it must name; the vault is open, since the share is sealed to it.
        passphrase: of the custody file to be written.
        entropy: randomness for its seal.
        cost: Argon2id parameters of that file.

    Raises:
        RosterError: the genesis does not verify.
        GenesisError: it names other keys than ours, our officer has not signed it, its public
            shares are not of one key, or the share is not the one that it promises.
        VaultLockedError: the vault is locked.
        WeakPassphraseError: the passphrase is too short.
    """
    roster = verify_genesis(genesis)
    member, identity, vault = roster.member(own.identity.id), own.identity, own.vault
    named = (public_key(identity.transport), public_key(identity.witness))
    if member is None or (member.transport_key, member.witness_key) != named:
        raise GenesisError("The genesis names other keys for this association than this node's.")
    if (member.log_key, member.sealing_key) != (vault.log_key, vault.sealing_key):
        raise GenesisError("The genesis names another vault for this association than this one.")
    if member.officer_key != own.officer:
        raise GenesisError("The genesis names another officer key for this association.")
    if member.id not in roster.signed_by:
        raise GenesisError("This association's officer has not signed the genesis yet.")
    check_public_shares(roster.epoch)
    if (share is None) != (member.custodian is None):
        raise GenesisError("A custodian needs its share, and nobody else has one.")
    if share is not None:
        opened = _open_share(roster, member, share, vault)
        store_share(
            data / KEYS_FOLDER, roster.epoch.id, share.index, opened, passphrase, entropy, cost
        )
    write_roster(data, genesis)
    return roster


def share_context(network_id: bytes, index: int) -> bytes:
    """Return what a sealed share is bound to: one network, one custodian."""
    return Label.SHARE_SEAL + lp(network_id) + lp(index.to_bytes(2, "big"))


def check_public_shares(epoch: Epoch) -> None:
    """Return if the public shares are of one sharing of the epoch's public key.

    Every t neighbours are interpolated to the key. Two such groups in a row have t points in
    common (t−1 shares and the key itself), so all shares lie on one polynomial of degree t−1.

    Raises:
        GenesisError: some answers would never combine to the network's key.
    """
    indices, threshold = epoch.indices, epoch.threshold
    for start in range(len(indices) - threshold + 1):
        group = {index: [epoch.share_of(index)] for index in indices[start : start + threshold]}
        try:
            agrees = combine(group) == (Element(epoch.public_key),)
        except EncodingError:
            agrees = False
        if not agrees:
            raise GenesisError("The genesis' public shares are not of the network's key.")


def _open_share(roster: Roster, member: Member, share: SealedShare, vault: Vault) -> SecretScalar:
    if (share.network, share.member, share.index) != (
        roster.network_id,
        member.id,
        member.custodian,
    ):
        raise GenesisError("This share is for another network or another custodian.")
    try:
        context = share_context(roster.network_id, share.index)
        opened = SecretScalar(unseal_from(vault.sealing_secret, share.sealed, context))
    except (SealError, EncodingError):
        raise GenesisError("This share does not open: it was sealed to another vault.") from None
    if public_share(opened) != roster.epoch.share_of(share.index):
        raise GenesisError("This share is not the one that the genesis promises.")
    return opened
