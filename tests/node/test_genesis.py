"""Founding a network: what each association checks before it joins."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto.signing import public_key
from crypto.values import SigningSeed
from federation.identity import Identity
from node.errors import VaultLockedError
from node.founding import Founding, found
from node.genesis import (
    Card,
    GenesisError,
    OwnKeys,
    SealedShare,
    accept,
    check_public_shares,
    member_card,
    merge_signatures,
    sign_genesis,
)
from node.roster_file import KEYS_FOLDER, NotJoinedError, load_roster
from node.system import entropy
from node.vault.boot import create_boot
from node.vault.custody import Custody
from node.vault.officer import create_officer, open_officer
from node.vault.vault import Vault, create_vault
from protocol.errors import RosterError
from protocol.roster import Roster, verify_genesis
from tests.node.network_fixture import CHEAP, PASSPHRASE
from tests.node.traces import traces

NOW = 1_795_284_000
NAMES = ("strass", "cabiria", "griselidis", "entractes")


@dataclass
class Association:
    data: Path
    identity: Identity
    vault: Vault
    officer: SigningSeed
    card: Card

    def accept(self, genesis: bytes, share: SealedShare | None) -> Roster:
        return accept(
            self.data,
            genesis,
            share,
            OwnKeys(self.identity, self.vault, public_key(self.officer)),
            PASSPHRASE,
            entropy,
            CHEAP,
        )


def association(folder: Path, name: str, port: int) -> Association:
    data = folder / name
    keys = data / KEYS_FOLDER
    identity = create_boot(keys, name, entropy)
    create_vault(keys, name, PASSPHRASE, entropy, CHEAP)
    vault = Vault(keys, entropy)
    public = create_officer(keys / "officer.json", name, PASSPHRASE, entropy, CHEAP)
    card = member_card(identity, vault, public, name.title(), f"http://127.0.0.1:{port}")
    vault.unlock(PASSPHRASE)
    officer = open_officer(keys / "officer.json", PASSPHRASE)
    return Association(data, identity, vault, officer, card)


@pytest.fixture
def four(tmp_path: Path) -> list[Association]:
    return [association(tmp_path, name, 9000 + place) for place, name in enumerate(NAMES)]


@pytest.fixture
def founding(four: list[Association]) -> Founding:
    return found([each.card for each in four], "essai", NOW, entropy)


def signed(founding: Founding, four: list[Association], officers: int = 4) -> bytes:
    genesis = founding.genesis
    for each in four[:officers]:
        genesis = sign_genesis(genesis, each.officer)
    return genesis


def test_each_takes_its_place(four: list[Association], founding: Founding) -> None:
    genesis = signed(founding, four)
    for place, each in enumerate(four, start=1):
        roster = each.accept(genesis, founding.shares[each.identity.id])
        assert (roster.epoch.threshold, roster.epoch.indices) == (3, (1, 2, 3, 4))
        assert load_roster(each.data) == roster
        custody = Custody(each.data / KEYS_FOLDER)
        custody.unlock(PASSPHRASE)
        share, index = custody.share(roster.epoch.id)
        assert index == place
        assert not traces(each.data, [share.reveal(), share.reveal().hex().encode()])


def test_a_genesis_counts_from_two_thirds_of_the_officers_on(
    four: list[Association], founding: Founding
) -> None:
    share = founding.shares["strass"]
    with pytest.raises(RosterError):
        four[0].accept(signed(founding, four, officers=2), share)
    assert not (four[0].data / "roster.json").exists()
    assert not Custody(four[0].data / KEYS_FOLDER).is_custodian
    assert four[0].accept(signed(founding, four, officers=3), share).version == 1


def test_signatures_made_apart_are_put_together(
    four: list[Association], founding: Founding
) -> None:
    merged = founding.genesis
    for each in four[:3]:
        merged = merge_signatures(merged, sign_genesis(founding.genesis, each.officer))
    assert verify_genesis(merged).facts.network == "essai"
    other = found([each.card for each in four], "autre", NOW, entropy)
    with pytest.raises(GenesisError):
        merge_signatures(merged, other.genesis)


def test_a_stranger_does_not_sign(founding: Founding) -> None:
    with pytest.raises(GenesisError):
        sign_genesis(founding.genesis, SigningSeed(bytes(32)))
    for nonsense in (b"", b"{}", b"[" * 10_000, b"\xff"):
        with pytest.raises(GenesisError):
            sign_genesis(nonsense, SigningSeed(bytes(32)))


def test_a_share_is_for_its_association_in_its_network(
    four: list[Association], founding: Founding
) -> None:
    genesis = signed(founding, four)
    other = found([each.card for each in four], "autre", NOW, entropy)
    mine = founding.shares["strass"]
    theirs = founding.shares["cabiria"]
    for share in (
        None,
        theirs,
        other.shares["strass"],
        mine.model_copy(update={"sealed": theirs.sealed}),
        mine.model_copy(update={"sealed": other.shares["strass"].sealed}),
        mine.model_copy(update={"sealed": b""}),
        mine.model_copy(update={"index": 2}),
    ):
        with pytest.raises(GenesisError):
            four[0].accept(genesis, share)
    assert not (four[0].data / "roster.json").exists()


def test_a_genesis_of_other_keys_is_not_joined(
    tmp_path: Path, four: list[Association], founding: Founding
) -> None:
    genesis, share = signed(founding, four), founding.shares["strass"]
    again = association(tmp_path / "again", "strass", 9000)
    with pytest.raises(GenesisError, match="other keys"):
        again.accept(genesis, share)
    mixed = Association(again.data, four[0].identity, again.vault, again.officer, again.card)
    with pytest.raises(GenesisError, match="another vault"):
        mixed.accept(genesis, share)
    stranger = association(tmp_path / "stranger", "jasmine", 9009)
    with pytest.raises(GenesisError):
        stranger.accept(genesis, share)


def test_nobody_joins_what_their_own_officer_has_not_signed(
    tmp_path: Path, four: list[Association], founding: Founding
) -> None:
    """Enough others may agree on a genesis: that is not this association's agreement."""
    share = founding.shares["entractes"]
    with pytest.raises(GenesisError, match="has not signed"):
        four[3].accept(signed(founding, four, officers=3), share)
    # A founder who puts own officer keys into the others' cards signs for everybody.
    false = [association(tmp_path / "false", name, 9000).officer for name in NAMES]
    cards = [
        each.card.model_copy(update={"officer_key": public_key(officer)})
        for each, officer in zip(four, false, strict=True)
    ]
    forged = found(cards, "essai", NOW, entropy)
    genesis = forged.genesis
    for officer in false:
        genesis = sign_genesis(genesis, officer)
    with pytest.raises(GenesisError, match="another officer key"):
        four[0].accept(genesis, forged.shares["strass"])
    assert not (four[0].data / "roster.json").exists()


def test_a_locked_vault_opens_no_share(four: list[Association], founding: Founding) -> None:
    four[0].vault.lock()
    with pytest.raises(VaultLockedError):
        four[0].accept(signed(founding, four), founding.shares["strass"])


def test_public_shares_of_another_key_are_noticed(
    four: list[Association], founding: Founding
) -> None:
    epoch = verify_genesis(signed(founding, four)).epoch
    other = verify_genesis(
        signed(found([each.card for each in four], "essai", NOW, entropy), four)
    ).epoch
    check_public_shares(epoch)
    for index in epoch.indices:
        shares = dict(epoch.public_shares) | {str(index): other.public_shares[str(index)]}
        with pytest.raises(GenesisError):
            check_public_shares(epoch.model_copy(update={"public_shares": shares}))
    with pytest.raises(GenesisError):
        check_public_shares(epoch.model_copy(update={"public_key": other.public_key}))


def test_more_than_thirteen_associations_have_members_without_a_share(tmp_path: Path) -> None:
    many = [association(tmp_path, f"a{place}", 9000 + place) for place in range(14)]
    founding = found([each.card for each in many], "essai", NOW, entropy)
    genesis = founding.genesis
    for each in many:
        genesis = sign_genesis(genesis, each.officer)
    roster = many[13].accept(genesis, None)
    assert (len(roster.epoch.indices), roster.epoch.threshold) == (13, 7)
    assert not Custody(many[13].data / KEYS_FOLDER).is_custodian
    with pytest.raises(GenesisError):
        many[13].accept(genesis, founding.shares["a0"])


def test_cards_that_do_not_go_together_found_nothing(four: list[Association]) -> None:
    cards = [each.card for each in four]
    for bad in (
        [],
        [cards[0], cards[0]],
        [cards[0], cards[1].model_copy(update={"log_key": cards[0].log_key})],
        [cards[0].model_copy(update={"url": "ftp://x"})],
        [cards[0].model_copy(update={"url": "http://127.0.0.1:0"})],
        [cards[0].model_copy(update={"officer_key": cards[0].log_key})],
    ):
        with pytest.raises(GenesisError):
            found(bad, "essai", NOW, entropy)


def test_the_founder_keeps_no_share(four: list[Association], founding: Founding) -> None:
    """Only sealed shares leave the dealing, each openable by one vault."""
    genesis = signed(founding, four)
    shares = []
    for each in four:
        roster = each.accept(genesis, founding.shares[each.identity.id])
        custody = Custody(each.data / KEYS_FOLDER)
        custody.unlock(PASSPHRASE)
        shares.append(custody.share(roster.epoch.id)[0].reveal())
    out = genesis + b"".join(share.encode() for share in founding.shares.values())
    for share in shares:
        assert share not in out
        assert share.hex().encode() not in out


def test_a_node_without_a_network_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotJoinedError, match=r"roster\.json"):
        load_roster(tmp_path)
    (tmp_path / "roster.json").write_bytes(b"{}")
    with pytest.raises(RosterError):
        load_roster(tmp_path)
