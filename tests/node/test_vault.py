"""Key files and the three levels of unlock."""

import json
import os
import stat
from pathlib import Path

import pytest

from crypto.errors import SealError
from crypto.signing import public_key
from crypto.values import SecretScalar
from federation.errors import CustodyLockedError, EpochError, NotCustodianError
from node.errors import VaultLockedError
from node.system import entropy
from node.vault import files
from node.vault.boot import create_boot, load_boot
from node.vault.custody import Custody, store_share
from node.vault.errors import KeyFileError, WeakPassphraseError, WrongPassphraseError
from node.vault.officer import create_officer, open_officer
from node.vault.vault import Place, Vault, change_passphrase, create_vault
from protocol.identifiers import PHONE, Identifier
from protocol.roster import Stretching

CHEAP = Stretching(operations=1, memory_kib=8)
PASSPHRASE = "six mots tirés au hasard"
PLACE = Place("report", "one", "sealed")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    create_vault(tmp_path, "strass", PASSPHRASE, entropy, CHEAP)
    vault = Vault(tmp_path, entropy)
    vault.unlock(PASSPHRASE)
    return vault


def test_boot_keys_come_back_as_they_were_made(tmp_path: Path) -> None:
    made = create_boot(tmp_path, "strass", entropy)
    read = load_boot(tmp_path)
    assert (read.id, read.transport, read.witness) == (made.id, made.transport, made.witness)
    assert read.transport != read.witness


def test_key_files_are_for_their_owner_only(tmp_path: Path) -> None:
    create_boot(tmp_path / "keys", "strass", entropy)
    assert stat.S_IMODE((tmp_path / "keys" / "boot.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["boot.json"]


def test_a_key_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_boot(tmp_path, "strass", entropy)
    before = (tmp_path / "boot.json").read_bytes()

    def no_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_disk)
    with pytest.raises(OSError, match="No space"):
        create_boot(tmp_path, "strass", entropy)
    assert (tmp_path / "boot.json").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100, b"x" * 70_000])
def test_a_damaged_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "boot.json").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"boot\.json"):
        load_boot(tmp_path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"boot\.json"):
        load_boot(tmp_path)


def test_a_vault_is_locked_until_its_passphrase_is_given(tmp_path: Path) -> None:
    log_key, sealing_key = create_vault(tmp_path, "strass", PASSPHRASE, entropy, CHEAP)
    vault = Vault(tmp_path, entropy)
    assert (vault.log_key, vault.sealing_key) == (log_key, sealing_key)
    for use in (
        lambda: vault.log_seed,
        lambda: vault.sealing_secret,
        lambda: vault.locator(Identifier(PHONE, "+33639980123")),
        lambda: vault.wrap(vault.new_data_key(), PLACE),
    ):
        with pytest.raises(VaultLockedError):
            use()
    with pytest.raises(WrongPassphraseError):
        vault.unlock("six mots tirés au hasarD")
    assert not vault.is_open
    vault.unlock(PASSPHRASE)
    assert public_key(vault.log_seed) == log_key
    vault.lock()
    assert not vault.is_open


def test_a_wrong_passphrase_does_not_close_an_open_vault(vault: Vault) -> None:
    with pytest.raises(WrongPassphraseError):
        vault.unlock("another passphrase")
    assert vault.is_open


def test_a_passphrase_opens_however_its_accents_were_typed(vault: Vault) -> None:
    vault.lock()
    vault.unlock(PASSPHRASE.replace("é", "e\u0301"))
    assert vault.is_open


def test_short_passphrases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeakPassphraseError):
        create_vault(tmp_path, "strass", "eleven char", entropy, CHEAP)


def test_a_changed_passphrase_opens_the_same_vault(tmp_path: Path, vault: Vault) -> None:
    locator = vault.locator(Identifier(PHONE, "+33639980123"))
    change_passphrase(tmp_path, PASSPHRASE, "another passphrase", entropy, CHEAP)
    again = Vault(tmp_path, entropy)
    with pytest.raises(WrongPassphraseError):
        again.unlock(PASSPHRASE)
    again.unlock("another passphrase")
    assert again.locator(Identifier(PHONE, "+33639980123")) == locator


@pytest.mark.parametrize("name", ["log_key", "sealing_key"])
def test_a_public_key_swapped_in_the_file_is_noticed(tmp_path: Path, name: str) -> None:
    """They lie in clear, and this association's cards and deposits rest on them."""
    create_vault(tmp_path, "strass", PASSPHRASE, entropy, CHEAP)
    content = json.loads((tmp_path / "vault.json").read_text())
    content[name] = entropy(32).hex()
    (tmp_path / "vault.json").write_text(json.dumps(content))
    swapped = Vault(tmp_path, entropy)
    with pytest.raises(KeyFileError, match="not its own"):
        swapped.unlock(PASSPHRASE)
    assert not swapped.is_open


def test_one_approval_a_person_and_report(vault: Vault) -> None:
    one = vault.approver("report", "account")
    assert one == vault.approver("report", "account")
    assert len({one, vault.approver("report", "other"), vault.approver("other", "account")}) == 3


def test_a_weakened_cost_in_the_file_is_noticed(tmp_path: Path) -> None:
    create_vault(tmp_path, "strass", PASSPHRASE, entropy, Stretching(operations=2, memory_kib=8))
    content = json.loads((tmp_path / "vault.json").read_text())
    content["locked"]["operations"] = 1
    (tmp_path / "vault.json").write_text(json.dumps(content))
    with pytest.raises(WrongPassphraseError):
        Vault(tmp_path, entropy).unlock(PASSPHRASE)


def test_fields_open_at_their_place_only(vault: Vault) -> None:
    key = vault.new_data_key()
    sealed = vault.seal_field(key, PLACE, b"a story")
    assert vault.open_field(key, PLACE, sealed) == b"a story"
    for place in (
        Place("report", "two", "sealed"),
        Place("report", "one", "other"),
        Place("subject", "one", "sealed"),
        Place("reporto", "ne", "sealed"),
    ):
        with pytest.raises(SealError):
            vault.open_field(key, place, sealed)
        with pytest.raises(SealError):
            vault.unwrap(vault.wrap(key, PLACE), place)
    assert vault.unwrap(vault.wrap(key, PLACE), PLACE) == key


def test_a_locked_vault_takes_deposits_that_the_open_one_reads(vault: Vault) -> None:
    vault.lock()
    key = vault.new_data_key()
    wrapped = vault.deposit(key, PLACE, vault.sealing_key)
    with pytest.raises(VaultLockedError):
        vault.unwrap(wrapped, PLACE)
    vault.unlock(PASSPHRASE)
    assert vault.unwrap(wrapped, PLACE) == key
    with pytest.raises(SealError):
        vault.unwrap(wrapped, Place("report", "two", "sealed"))
    with pytest.raises(SealError):
        vault.unwrap(b"x" + wrapped[1:], PLACE)


def test_the_vaults_indexes_differ_by_purpose_and_by_vault(tmp_path: Path, vault: Vault) -> None:
    create_vault(tmp_path / "b", "cabiria", PASSPHRASE, entropy, CHEAP)
    other = Vault(tmp_path / "b", entropy)
    other.unlock(PASSPHRASE)
    number = Identifier(PHONE, "+33639980123")
    found = {
        vault.locator(number),
        other.locator(number),
        vault.locator(Identifier(PHONE, "+33639980124")),
        vault.locator(Identifier("phone/2", "+33639980123")),
        vault.notice_digest(PHONE, b"+33639980123"),
        vault.seen_key("strass", 1),
        vault.seen_key("strass", 2),
        vault.seen_key("cabiria", 1),
    }
    assert len(found) == 8


def test_custody_opens_with_its_own_passphrase(tmp_path: Path) -> None:
    share = SecretScalar((7).to_bytes(32, "little"))
    epoch = bytes(range(32))
    custody = Custody(tmp_path)
    assert not custody.is_custodian
    with pytest.raises(NotCustodianError):
        custody.share(epoch)
    with pytest.raises(NotCustodianError):
        custody.unlock(PASSPHRASE)
    store_share(tmp_path, epoch, 3, share, PASSPHRASE, entropy, CHEAP)
    with pytest.raises(CustodyLockedError):
        custody.share(epoch)
    with pytest.raises(WrongPassphraseError):
        custody.unlock("not the passphrase")
    custody.unlock(PASSPHRASE)
    assert custody.is_open
    assert custody.share(epoch) == (share, 3)
    with pytest.raises(EpochError):
        custody.share(bytes(32))
    custody.lock()
    assert not custody.is_open


def test_a_share_does_not_open_as_another_index(tmp_path: Path) -> None:
    share = SecretScalar((7).to_bytes(32, "little"))
    store_share(tmp_path, bytes(32), 3, share, PASSPHRASE, entropy, CHEAP)
    content = json.loads((tmp_path / "custody.json").read_text())
    content["index"] = 4
    (tmp_path / "custody.json").write_text(json.dumps(content))
    with pytest.raises(WrongPassphraseError):
        Custody(tmp_path).unlock(PASSPHRASE)


def test_an_officer_key_works_on_another_machine(tmp_path: Path) -> None:
    public = create_officer(tmp_path / "officer.json", "strass", PASSPHRASE, entropy, CHEAP)
    moved = tmp_path / "usb" / "officer.json"
    files.write_private(moved, (tmp_path / "officer.json").read_bytes())
    assert public_key(open_officer(moved, PASSPHRASE)) == public
    with pytest.raises(WrongPassphraseError):
        open_officer(moved, "not the passphrase")


def test_no_file_holds_a_secret_in_the_clear(tmp_path: Path, vault: Vault) -> None:
    share = SecretScalar((7).to_bytes(32, "little"))
    store_share(tmp_path, bytes(32), 3, share, PASSPHRASE, entropy, CHEAP)
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for secret in (vault.log_seed, vault.sealing_secret, share):
            assert secret.reveal() not in content
            assert secret.reveal().hex().encode() not in content
