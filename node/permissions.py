"""Who may do what: one table, asked by services, pages and API alike."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is at their association."""

    CASEWORKER = "caseworker"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that can be allowed."""

    REPORT_CREATE = "report-create"
    REPORT_READ = "report-read"
    REPORT_DECIDE = "report-decide"
    """Approve or refuse a report."""
    REPORT_WITHDRAW_OWN = "report-withdraw-own"
    """Withdraw a report that one wrote."""
    REPORT_WITHDRAW = "report-withdraw"
    """Withdraw any report of the association."""
    LOOKUP = "lookup"
    MATCHES_READ = "matches-read"
    NETWORK_READ = "network-read"
    NETWORK_LIFT = "network-lift"
    """Have a member's log read again that was stopped: after people have talked."""
    UNLOCK = "unlock"
    ACCOUNTS = "accounts"


_CASEWORKER = frozenset(
    {
        Permission.REPORT_CREATE,
        Permission.REPORT_READ,
        Permission.REPORT_WITHDRAW_OWN,
        Permission.LOOKUP,
        Permission.MATCHES_READ,
        Permission.NETWORK_READ,
    }
)

PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CASEWORKER: _CASEWORKER,
        Role.MODERATOR: _CASEWORKER | {Permission.REPORT_DECIDE, Permission.REPORT_WITHDRAW},
        # Whoever keeps the machine running has no need to read what workers said.
        Role.ADMINISTRATOR: frozenset(
            {
                Permission.NETWORK_READ,
                Permission.NETWORK_LIFT,
                Permission.UNLOCK,
                Permission.ACCOUNTS,
            }
        ),
    }
)
