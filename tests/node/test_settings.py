import re
from pathlib import Path

import pytest

from node.errors import SettingsError
from node.settings import ENV_PREFIX, Settings, load_settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "operators" / "settings.md"
URL = "http://127.0.0.1:8470"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(ENV_PREFIX + name.upper(), raising=False)


def documented() -> dict[str, str]:
    """Name to default, from the document's table."""
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE))


def test_every_setting_is_documented_and_no_other() -> None:
    assert documented().keys() == Settings.model_fields.keys()


def test_documented_defaults_are_the_real_ones() -> None:
    for name, text in documented().items():
        field = Settings.model_fields[name]
        if field.is_required():
            assert "must be given" in text
        elif field.default is not None:
            assert text == f"`{str(field.default).lower()}`", name


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, public_url=URL)
    assert (settings.host, settings.port, settings.publish_every) == ("127.0.0.1", 8470, 20)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path / 'node.db'}"


def test_environment_wins_over_the_file_and_the_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node.toml").write_text(
        f'public_url = "{URL}"\nport = 1\npoll_every = 2\nhost = "::1"\n'
    )
    monkeypatch.setenv("VEILLEUSE_PORT", "3")
    monkeypatch.setenv("VEILLEUSE_POLL_EVERY", "4")
    settings = load_settings(tmp_path, port=5, poll_every=None)
    assert (settings.port, settings.poll_every, settings.host) == (5, 4, "::1")


def test_the_data_folder_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node.toml").write_text(f'public_url = "{URL}"\n')
    monkeypatch.setenv("VEILLEUSE_DATA", str(tmp_path))
    assert load_settings().data == tmp_path


def test_without_a_data_folder_the_error_says_so() -> None:
    with pytest.raises(SettingsError, match="data"):
        load_settings(public_url=URL)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("prot = 8471", "prot"),
        ("port = 65536", "port"),
        ('port = "many"', "port"),
        ("workers = 2", "workers"),
        ("session_hours = 0", "session_hours"),
        ("publish_every = 0", "publish_every"),
        ("port = ", "node.toml"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "node.toml").write_text(f'public_url = "{URL}"\n{content}\n')
    with pytest.raises(SettingsError, match=named):
        load_settings(tmp_path)


def test_an_error_does_not_repeat_the_value(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, public_url="http://user:hunter2hunter2@host")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://veilleuse.example/",
        "https://veilleuse.example/path",
        "https://Veilleuse.example",
        "ftp://veilleuse.example",
        "veilleuse.example",
        "https://",
        "https://veilleuse.example:port",
        "https://veilleuse.example?x",
    ],
)
def test_a_public_url_is_an_origin(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="public_url"):
        load_settings(tmp_path, public_url=url)


@pytest.mark.parametrize(
    "url", ["https://veilleuse.example", "http://127.0.0.1:9", "http://[::1]:9"]
)
def test_public_urls_that_are_fine(tmp_path: Path, url: str) -> None:
    assert load_settings(tmp_path, public_url=url).public_url == url
