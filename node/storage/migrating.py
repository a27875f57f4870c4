"""Bringing a database's tables to another version, with Alembic, from wherever we are installed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from node.errors import StorageError

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(connection: Connection, revision: str) -> None:
    """Bring the tables on `connection` to `revision` (`head`, `base`, an id) in its transaction.

    Raises:
        StorageError: the tables are of a version that this one does not know.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    try:
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
    except CommandError:
        raise StorageError(
            "The database was written by another version of Veilleuse than this one."
        ) from None
