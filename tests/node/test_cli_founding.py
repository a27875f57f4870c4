"""From nothing to a network of two, by commands only."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import run
from node.cli.network import GENESIS_FILE
from node.roster_file import load_roster
from protocol.roster import Stretching

CHEAP = Stretching(operations=1, memory_kib=8)
WORDS = "six mots tirés au hasard"


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id's cost is not what these tests are about; the commands take the default."""
    monkeypatch.setattr("node.cli.preparing.prepare_keys.__defaults__", (CHEAP,))
    monkeypatch.setattr("node.genesis.accept.__defaults__", (CHEAP,))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text(WORDS + "\n")
    return file


def ask(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> Any:  # noqa: ANN401
    """Run a command with --json and return what it printed."""
    capsys.readouterr()
    code = run([*(str(argument) for argument in arguments), "--json"])
    said = capsys.readouterr()
    assert code == status, said.err
    return json.loads(said.out)


def init(data: Path, name: str, port: int, words: Path) -> list[object]:
    return [
        *("init", "--data", data, "--id", name, "--name", name.title()),
        *("--url", f"http://127.0.0.1:{port}", "--port", port, "--contact", "01 99 00 00 00"),
        *("--vault-passphrase-file", words, "--officer-passphrase-file", words),
    ]


def sign(data: Path, genesis: Path, words: Path) -> list[object]:
    officer = data / "officer" / "officer.json"
    return ["network", "sign", genesis, "--officer", officer, "--passphrase-file", words]


def accept(data: Path, out: Path, share: str, words: Path) -> list[object]:
    return [
        *("network", "accept", "--data", data, out / GENESIS_FILE),
        *("--share", out / f"share-{share}.json"),
        *("--vault-passphrase-file", words, "--custody-passphrase-file", words),
    ]


@pytest.fixture
def founded(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return the folder of a founder's files, for the associations `lune` and `rive`."""
    for port, name in enumerate(("lune", "rive"), start=8471):
        ask(capsys, *init(tmp_path / name, name, port, words))
    key = tmp_path / "auditor"
    ask(capsys, "network", "auditor", key, "--id", "auditrice", "--name", "Ada")
    out = tmp_path / "out"
    cards = [tmp_path / name / "card.json" for name in ("lune", "rive")]
    auditor = ["--auditor", key / "card.json"]
    ask(capsys, "network", "found", *cards, *auditor, "--network", "essai", "--out", out)
    return out


def test_two_associations_found_a_network(
    tmp_path: Path, words: Path, founded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.json"
    shutil.copy(founded / GENESIS_FILE, copy)
    signed = ask(capsys, *sign(tmp_path / "lune", founded / GENESIS_FILE, words))
    assert signed == {"signatures": 1, "needed": 2}
    ask(capsys, *accept(tmp_path / "lune", founded, "lune", words), status=2)
    both = [*sign(tmp_path / "rive", copy, words), "--merge", founded / GENESIS_FILE]
    assert ask(capsys, *both) == {"signatures": 2, "needed": 2}
    shutil.copy(copy, founded / GENESIS_FILE)
    joined = [
        ask(capsys, *accept(tmp_path / name, founded, name, words)) for name in ("lune", "rive")
    ]
    roster = load_roster(tmp_path / "lune")
    assert joined == [{"network": "essai", "network_id": roster.network_id.hex()}] * 2
    assert [auditor.id for auditor in roster.facts.auditors] == ["auditrice"]
    assert roster.epoch.threshold == 2


def test_people_read_what_to_do_next(
    tmp_path: Path, words: Path, founded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "lune"
    for name in ("lune", "rive"):
        command = [str(one) for one in sign(tmp_path / name, founded / GENESIS_FILE, words)]
        assert run(command) == 0
    assert "2 signatures" in capsys.readouterr().out
    assert run([str(one) for one in accept(data, founded, "lune", words)]) == 0
    said = capsys.readouterr().out
    fingerprint = load_roster(data).network_id.hex()
    assert fingerprint in said.replace(" ", "")
    third = [str(one) for one in init(tmp_path / "sept", "sept", 8473, words)]
    assert run(third) == 0
    assert "veilleuse account add" in capsys.readouterr().out
    cards = [str(tmp_path / name / "card.json") for name in ("lune", "sept")]
    assert run(["network", "found", *cards, "--network", "deux", "--out", str(tmp_path / "2")]) == 0
    assert run(["network", "auditor", str(tmp_path / "k"), "--id", "ada", "--name", "Ada"]) == 0
    assert run(["network", "card", "--data", str(data)]) == 0


def test_another_associations_share_is_refused(
    tmp_path: Path, words: Path, founded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("lune", "rive"):
        ask(capsys, *sign(tmp_path / name, founded / GENESIS_FILE, words))
    refused = ask(capsys, *accept(tmp_path / "lune", founded, "rive", words), status=2)
    assert refused["code"] == "genesis"
    assert not (tmp_path / "lune" / "roster.json").exists()


def test_keys_are_never_overwritten(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = init(tmp_path / "lune", "lune", 8471, words)
    ask(capsys, *command)
    before = (tmp_path / "lune" / "keys" / "vault.json").read_bytes()
    assert ask(capsys, *command, status=2)["code"] == "command"
    assert (tmp_path / "lune" / "keys" / "vault.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "secret", "url", "code"),
    [
        ("Lune d’été", WORDS, "http://127.0.0.1:8471", "command"),
        ("lune", "court", "http://127.0.0.1:8471", "weak-passphrase"),
        ("lune", WORDS, "http://127.0.0.1:8471/chemin", "settings"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, name: str, secret: str, url: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words"
    words.write_text(secret)
    command = init(tmp_path / "data", name, 8471, words)
    command[command.index("http://127.0.0.1:8471")] = url
    assert ask(capsys, *command, status=2)["code"] == code
    if code == "weak-passphrase":  # said before anything was made
        assert not (tmp_path / "data").exists()


def test_files_that_are_none_are_named(
    tmp_path: Path, words: Path, founded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent, other = tmp_path / "absent.json", tmp_path / "other.json"
    other.write_text("{}")
    for card in (absent, other):
        found = ["network", "found", card, "--network", "essai", "--out", tmp_path / "x"]
        assert card.name in ask(capsys, *found, status=2)["title"]
    ask(capsys, "network", "auditor", founded, "--id", "ada", "--name", "Ada", status=2)
    ask(capsys, "network", "auditor", tmp_path / "k", "--id", "A b", "--name", "A", status=2)
    assert ask(capsys, *sign(tmp_path / "lune", other, words), status=2)["code"] == "genesis"


def test_accounts_links_and_tokens(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "lune"
    ask(capsys, *init(data, "lune", 8471, words))
    made = ask(capsys, "account", "add", "--data", data, "--role", "moderator", "Nour")
    again = ask(capsys, "account", "link", "--data", data, "Nour", "--hours", 1)
    assert made["link"].startswith("http://127.0.0.1:8471/entrer/")
    assert made["link"] != again["link"]
    taken = ask(capsys, "account", "add", "--data", data, "--role", "moderator", "Nour", status=2)
    assert taken["code"] == "name-taken"
    assert ask(capsys, "account", "list", "--data", data) == [{"name": "Nour", "role": "moderator"}]
    assert len(ask(capsys, "token", "issue", "--data", data, "Nour")["token"]) == 43
    assert ask(capsys, "token", "revoke", "--data", data, "Nour")["revoked"]
    assert ask(capsys, "account", "disable", "--data", data, "Nour")["disabled"]
    assert ask(capsys, "account", "list", "--data", data) == []
    assert ask(capsys, "token", "issue", "--data", data, "Nour", status=2)["code"] == "not-found"


def test_accounts_for_people(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "lune")
    ask(capsys, *init(tmp_path / "lune", "lune", 8471, words))
    assert run(["account", "list", "--data", data]) == 0
    assert "account add" in capsys.readouterr().out
    assert run(["account", "add", "--data", data, "--role", "caseworker", "Nour"]) == 0
    assert "/entrer/" in capsys.readouterr().out
    assert run(["token", "issue", "--data", data, "Nour"]) == 0
    assert len(capsys.readouterr().out.strip()) == 43
    assert run(["token", "revoke", "--data", data, "Nour"]) == 0
    assert run(["account", "list", "--data", data]) == 0
    assert run(["account", "disable", "--data", data, "Nour"]) == 0
    assert "Nour" in capsys.readouterr().out
