"""Errors of the node room: what a person of the association may meet, on pages, API and commands.

The sentence of each is for logs and for the JSON API; pages translate `code`. Nothing here ever
repeats an identifier, a narrative or a passphrase. HTTP statuses: node/api/errors.py.
"""

from collections.abc import Mapping
from typing import ClassVar

from crypto.errors import VeilleuseError


class NodeError(VeilleuseError):
    """Root of everything that node/ raises."""

    code: ClassVar[str] = "node"


class NotSignedInError(NodeError):
    """No session or token, or one that has ended: sign in again."""

    code: ClassVar[str] = "not-signed-in"


class SigninError(NodeError):
    """Wrong name or password, or a sign-in link that was used or has run out.

    One error for all, so that nobody learns which names exist.
    """

    code: ClassVar[str] = "signin"


class ThrottledError(NodeError):
    """Too many wrong passwords: wait `retry_after` seconds."""

    code: ClassVar[str] = "throttled"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many wrong attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class LookupLimitError(NodeError):
    """This account has made all its lookups of the day: others of the association still can."""

    code: ClassVar[str] = "lookup-limit"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"All of this account's lookups today are made. {retry_after} s to go.")
        self.retry_after = retry_after


class CsrfError(NodeError):
    """A form or a request came from a page that is not this session's: load the page again."""

    code: ClassVar[str] = "csrf"


class PermissionDeniedError(NodeError):
    """This account's role may not do this."""

    code: ClassVar[str] = "forbidden"


class NotFoundError(NodeError):
    """There is nothing here under this name."""

    code: ClassVar[str] = "not-found"


class VaultLockedError(NodeError):
    """The association's vault is closed: an administrator opens it with its passphrase."""

    code: ClassVar[str] = "vault-locked"


class ConflictError(NodeError):
    """The request does not fit the present state; look at it again before retrying."""

    code: ClassVar[str] = "conflict"


class AlreadyDecidedError(ConflictError):
    """This person has already decided on this report; the second decision is another person's."""

    code: ClassVar[str] = "already-decided"


class WrongStateError(ConflictError):
    """The report has moved on: it was decided, published or withdrawn meanwhile."""

    code: ClassVar[str] = "wrong-state"


class NameTakenError(ConflictError):
    """Another account has this name."""

    code: ClassVar[str] = "name-taken"


class InvalidError(NodeError):
    """Something in a form or a request cannot be taken as it is.

    `fields` maps a field's name to the stable code of what is wrong with it.
    """

    code: ClassVar[str] = "invalid"

    def __init__(self, fields: Mapping[str, str]) -> None:
        named = ", ".join(f"{field} ({problem})" for field, problem in fields.items())
        super().__init__(f"Cannot be accepted: {named}.")
        self.fields = dict(fields)


class SettingsError(NodeError):
    """A setting is missing, unknown or out of range; the sentence names it."""

    code: ClassVar[str] = "settings"


class StorageError(NodeError):
    """The database is not one that this version can use, or its content contradicts itself."""

    code: ClassVar[str] = "storage"
