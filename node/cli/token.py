"""`veilleuse token`: bearer tokens of the JSON API, for commands and scripts."""

from typing import Annotated

import typer

from node.accounts import Accounts
from node.cli.options import Data, Json
from node.cli.output import console, print_json
from node.cli.people import with_people
from node.cli.words import _
from node.sessions import Sessions

Name = Annotated[str, typer.Argument(help=_("Nom du compte."))]
LabelOption = Annotated[str, typer.Option("--label", help=_("À quoi sert ce jeton."))]


def add_to(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help=_("Les jetons des programmes."))
    group.command("issue", help=_("Donner un jeton ; il n’est montré qu’une fois."))(issue)
    group.command("revoke", help=_("Annuler les jetons d’un compte et d’un usage."))(revoke)
    app.add_typer(group, name="token")


def issue(data: Data, name: Name, label: LabelOption = "cli", *, as_json: Json = False) -> None:
    """Issue a token; standard output holds nothing else, so that it can go into a file."""

    async def work(accounts: Accounts, sessions: Sessions) -> str:
        return await sessions.issue_token(await accounts.account_named(name), label)

    token = with_people(data, work)
    if as_json:
        print_json({"name": name, "label": label, "token": token})
    else:
        typer.echo(token)


def revoke(data: Data, name: Name, label: LabelOption = "cli", *, as_json: Json = False) -> None:
    """Make the tokens of one account and label invalid."""

    async def work(accounts: Accounts, sessions: Sessions) -> None:
        await sessions.revoke_tokens(await accounts.account_named(name), label)

    with_people(data, work)
    if as_json:
        print_json({"name": name, "label": label, "revoked": True})
    else:
        console().print(_("Ces jetons ne valent plus rien."))
