"""The command line itself: the table of commands, failures, secrets, numbers."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crypto.errors import VeilleuseError
from node.cli.errors import CommandError, RemoteError
from node.cli.failures import SENTENCES, sentence_of
from node.cli.main import COMMANDS, run
from node.cli.numbers import is_fictional, number_from
from node.cli.passphrases import passphrase, read_secret
from node.cli.remote import address_of, connect
from node.errors import NotFoundError
from node.vault.errors import WeakPassphraseError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"veilleuse {command}" in re.sub(r"\s+", " ", capsys.readouterr().out)


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert [command for command in COMMANDS if not re.search(rf"\b{command}\b", text)] == []


def test_every_command_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {
        "network": ["card", "auditor", "found", "sign", "accept"],
        "account": ["add", "list", "link", "disable"],
        "token": ["issue", "revoke"],
    }
    for command in COMMANDS:
        for words in [[command, sub] for sub in groups.get(command, [])] or [[command]]:
            assert run([*words, "--help"]) == 0
            assert "--json" in capsys.readouterr().out, words


@pytest.mark.parametrize("words", [["no-such-command"], ["status", "--no-such-option"], ["init"]])
def test_a_wrong_command_line_ends_with_2(words: list[str]) -> None:
    assert run(words) == 2


def test_an_audit_of_folders_loads_nothing_of_what_it_audits() -> None:
    program = (
        "import sys; from node.cli.main import run; run(['audit', '--help'])\n"
        "bad = ('federation', 'node.storage', 'node.app', 'sqlalchemy', 'httpx', 'fastapi')\n"
        "print([name for name in sys.modules if name.startswith(bad)], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_a_failure_is_a_sentence_and_with_json_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", str(tmp_path), "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["code"] == "not-joined"
    assert said.err.strip() == SENTENCES["not-joined"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CommandError("Faites ceci."), "Faites ceci."),
        (NotFoundError("No such row."), "Rien ne porte ce nom ici.\n  No such row."),
        (RemoteError(423, {"code": "vault-locked", "title": "x"}), SENTENCES["vault-locked"]),
        (RemoteError(502, {}), "The node answered 502. (http-502)"),
        (VeilleuseError("Never seen."), "Never seen. (internal)"),
    ],
)
def test_each_failure_says_what_to_do(error: VeilleuseError, expected: str) -> None:
    assert sentence_of(error) == expected


def test_a_secret_is_the_first_line_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("six mots tirés au hasard\r\nautre\n")
    assert read_secret(file) == "six mots tirés au hasard"
    monkeypatch.setattr(sys, "stdin", io.StringIO("de l’entrée\n"))
    assert read_secret(Path("-")) == "de l’entrée"
    for content in ("", "\n"):
        file.write_text(content)
        with pytest.raises(CommandError):
            read_secret(file)
    with pytest.raises(CommandError):
        read_secret(tmp_path / "absent")


def test_a_new_passphrase_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    long, other = "une phrase assez longue", "une autre phrase"
    typed = iter([long, long, long, other, "courte", "courte", "courte"])
    monkeypatch.setattr("node.cli.passphrases.getpass", lambda _prompt: next(typed))
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert passphrase("Phrase", None, new=True) == long
    with pytest.raises(CommandError):
        passphrase("Phrase", None, new=True)
    with pytest.raises(WeakPassphraseError):
        passphrase("Phrase", None, new=True)
    # One that exists already is taken as it is: only its own lock can judge it.
    assert passphrase("Phrase", None) == "courte"


def test_without_a_terminal_no_passphrase_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("lue par mégarde\n"))
    with pytest.raises(CommandError):
        passphrase("Phrase", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06 39 98 01 23", True),
        ("+33 1 99 00 12 34", True),
        ("06 12 34 56 78", False),
        ("0470 12 34 56", False),
        ("bonjour", False),
    ],
)
def test_which_numbers_are_nobodys(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_fictional(text) is expected


def test_a_real_number_is_no_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        number_from("06 12 34 56 78")
    assert "56" not in str(refused.value)
    assert number_from("06 39 98 01 23") == "06 39 98 01 23"
    monkeypatch.setattr(sys, "stdin", io.StringIO(" 06 12 34 56 78\n"))
    assert number_from("-") == "06 12 34 56 78"
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    with pytest.raises(CommandError):
        number_from(None)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: "06 39 98 01 23")
    assert number_from(None) == "06 39 98 01 23"
    assert capsys.readouterr().out == ""


def test_where_a_node_answers(tmp_path: Path) -> None:
    assert address_of("http://127.0.0.1:9/", None) == "http://127.0.0.1:9"
    for host, expected in (
        ("127.0.0.1", "http://127.0.0.1:8471"),
        ("0.0.0.0", "http://127.0.0.1:8471"),  # noqa: S104
        ("::1", "http://[::1]:8471"),
    ):
        (tmp_path / "node.toml").write_text(
            f'public_url = "https://example.org"\nhost = "{host}"\nport = 8471\n'
        )
        assert address_of(None, tmp_path) == expected
    with pytest.raises(CommandError):
        address_of(None, None)


def test_a_token_is_needed_and_so_is_a_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VEILLEUSE_TOKEN", raising=False)
    with pytest.raises(CommandError):
        connect("http://127.0.0.1:9", None, None)
    monkeypatch.setenv("VEILLEUSE_TOKEN", "jeton")
    with connect("http://127.0.0.1:9", None, None) as nobody, pytest.raises(CommandError):
        nobody.get("/network")
    with pytest.raises(CommandError):
        connect("http://127.0.0.1:9", None, tmp_path / "absent")
