"""What an operator may set. Environment first (`VEILLEUSE_…`), then `node.toml` in the data folder.

Every setting is described in docs/operators/settings.md; a test fails on one that is not.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from node.errors import SettingsError

ENV_PREFIX = "VEILLEUSE_"
SETTINGS_FILE = "node.toml"

Seconds = Annotated[int, Field(ge=1, le=86_400)]


class Settings(BaseSettings):
    """One node's settings, read once at start and passed down. Build it with `load_settings`."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    data: Path
    """Folder of everything this node keeps: database, keys, roster, `node.toml`."""
    public_url: str
    """The URL under which peers reach this node, without a path. Requests are signed over it."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8470
    """Port to listen on; 0 picks a free one."""
    workers: Annotated[int, Field(ge=1, le=1)] = 1
    """Server processes. SQLite allows one."""
    database_url: str | None = None
    """SQLAlchemy URL; `node.db` in the data folder when absent."""
    demo: bool = False
    """Marks every page as a demonstration."""
    publish_every: Seconds = 20
    """Seconds between two publications of approved reports."""
    poll_every: Seconds = 60
    """Seconds, at most, between two pulls of one peer."""
    session_hours: Annotated[int, Field(ge=1, le=72)] = 12
    """Hours after which a signed-in browser must sign in again."""
    lookups_daily: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """Lookups that one account may make in a day, so that a stolen token is worth little."""

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise ValueError("is not a URL") from None
        host = parts.hostname or ""
        origin = f"{parts.scheme}://" + (f"[{host}]" if ":" in host else host)
        if port is not None:
            origin += f":{port}"
        if parts.scheme not in {"http", "https"} or not host or value != origin:
            raise ValueError("must be http(s)://host or http(s)://host:port, lower case, no path")
        return value

    @property
    def resolved_database_url(self) -> str:
        """`database_url`, or the default file."""
        return self.database_url or f"sqlite:///{self.data / 'node.db'}"

    @classmethod
    def settings_customise_sources(  # noqa: D102  (pydantic-settings' hook)
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings  # two places are enough to look at
        data = init_settings().get("data") or env_settings().get("data")
        if data is None:
            return (init_settings, env_settings)
        toml = TomlConfigSettingsSource(settings_cls, toml_file=Path(data) / SETTINGS_FILE)
        return (init_settings, env_settings, toml)


def load_settings(data: Path | None = None, **overrides: object) -> Settings:
    """Return the settings: `overrides` (the command line), environment, `node.toml`, defaults.

    Args:
        data: the data folder; from `VEILLEUSE_DATA` when None.
        overrides: settings given on the command line; None means not given.

    Raises:
        SettingsError: one is missing, unknown or out of range. Names it, never shows its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    if data is not None:
        given["data"] = data
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks the overrides
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"Settings cannot be used. {problems}.") from None
    except (OSError, ValueError) as error:  # the file cannot be read, or is not TOML
        raise SettingsError(f"{SETTINGS_FILE} cannot be read: {error}") from None
