"""`veilleuse account`: the association's people. Works on the folder, whether the node runs or not.

Nobody types a password here: a person gets a link that works once, and chooses what follows.
"""

from typing import Annotated

import typer

from node.accounts import Accounts
from node.cli.options import Data, Json
from node.cli.output import console, print_json
from node.cli.people import link_of, with_people
from node.cli.words import _
from node.permissions import Role
from node.sessions import Sessions

Name = Annotated[str, typer.Argument(help=_("Nom du compte."))]
Hours = Annotated[
    int, typer.Option("--hours", min=1, max=168, help=_("Durée de validité du lien."))
]


def add_to(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help=_("Les comptes des personnes."))
    group.command("add", help=_("Créer un compte et son lien d’entrée."))(add)
    group.command("list", help=_("Lister les comptes."))(list_accounts)
    group.command("link", help=_("Donner un nouveau lien d’entrée."))(link)
    group.command("disable", help=_("Fermer un compte ; ses signalements restent."))(disable)
    app.add_typer(group, name="account")


def add(
    data: Data,
    name: Name,
    role: Annotated[Role, typer.Option(help=_("Ce que la personne peut faire."))],
    hours: Hours = 24,
    *,
    as_json: Json = False,
) -> None:
    """Create an account that signs in by link."""

    async def work(accounts: Accounts, sessions: Sessions) -> str:
        account = await accounts.create_account(name, role)
        return await sessions.issue_signin_link(account, hours * 3600)

    _show_link(link_of(data, with_people(data, work)), name, hours, as_json=as_json)


def link(data: Data, name: Name, hours: Hours = 24, *, as_json: Json = False) -> None:
    """Issue another sign-in link."""

    async def work(accounts: Accounts, sessions: Sessions) -> str:
        account = await accounts.account_named(name)
        return await sessions.issue_signin_link(account, hours * 3600)

    _show_link(link_of(data, with_people(data, work)), name, hours, as_json=as_json)


def list_accounts(data: Data, *, as_json: Json = False) -> None:
    """List the accounts that may sign in."""

    async def work(accounts: Accounts, _sessions: Sessions) -> list[tuple[str, str]]:
        return [(account.name, account.role.value) for account in await accounts.accounts()]

    found = with_people(data, work)
    if as_json:
        print_json([{"name": name, "role": role} for name, role in found])
        return
    out = console()
    if not found:
        out.print(_("Pas encore de compte : veilleuse account add"))
    for name, role in found:
        out.print(f"{role:<14} {name}", markup=False)


def disable(data: Data, name: Name, *, as_json: Json = False) -> None:
    """Let an account sign in no more."""

    async def work(accounts: Accounts, _sessions: Sessions) -> None:
        await accounts.disable(await accounts.account_named(name))

    with_people(data, work)
    if as_json:
        print_json({"name": name, "disabled": True})
    else:
        console().print(
            _("{name} n’entre plus : sessions, liens et jetons sont fermés.").format(name=name),
            markup=False,
        )


def _show_link(address: str, name: str, hours: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "link": address, "hours": hours})
        return
    out = console()
    out.print(
        _("Lien pour {name}, valable une fois, {hours} h :").format(name=name, hours=hours),
        markup=False,
    )
    out.print(f"  {address}", markup=False)
