"""`veilleuse network`: how associations become one network, by files that people pass on.

card      what one's own association hands to the founder
found     the founder: a genesis, and a sealed share for each
sign      each officer: q of n signatures make the genesis valid
accept    each association: verify everything, take one's place
auditor   someone who may read logs: a key, and the card that the founder needs
"""

from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from crypto.signing import public_key
from crypto.values import PublicKey
from node.cli.errors import CommandError
from node.cli.options import Data, Json
from node.cli.output import console, print_json
from node.cli.passphrases import passphrase
from node.cli.preparing import CARD_FILE
from node.cli.words import _
from node.founding import found as found_network
from node.genesis import (
    Card,
    OwnKeys,
    SealedShare,
    merge_signatures,
    read_metadata,
    sign_genesis,
)
from node.genesis import (
    accept as accept_genesis,
)
from node.roster_file import KEYS_FOLDER
from node.system import SystemClock, entropy
from node.vault.boot import create_boot, load_boot
from node.vault.files import write_private
from node.vault.officer import open_officer
from node.vault.vault import Vault
from protocol.message import Message
from protocol.roster import Auditor, Parameters, quorum

GENESIS_FILE = "genesis.json"
_MAX_FILE = 4_194_304

M = TypeVar("M", bound=Message)


def add_to(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help=_("Fonder un réseau, le rejoindre."))
    group.command("card", help=_("Montrer la carte de cette association (rien de secret)."))(card)
    group.command("auditor", help=_("Créer la clé d’une personne qui contrôle."))(auditor)
    group.command("found", help=_("Fonder un réseau à partir des cartes."))(found)
    group.command("sign", help=_("Signer l’acte fondateur au nom de l’association."))(sign)
    group.command("accept", help=_("Vérifier l’acte fondateur et prendre sa place."))(accept)
    app.add_typer(group, name="network")


def card(data: Data, *, as_json: Json = False) -> None:
    """Print the card; it is JSON either way."""
    del as_json
    typer.echo(_read(data / CARD_FILE).decode().strip())


def auditor(
    folder: Annotated[Path, typer.Argument(help=_("Dossier de la clé ; à garder pour soi."))],
    auditor_id: Annotated[str, typer.Option("--id", help=_("Identifiant court."))],
    name: Annotated[str, typer.Option(help=_("Nom de la personne."))],
    *,
    as_json: Json = False,
) -> None:
    """Make an auditor's key and the card that goes to the founder."""
    if folder.exists() and any(folder.iterdir()):
        raise CommandError(_("Ce dossier n’est pas vide : rien n’a été touché."))
    try:
        identity = create_boot(folder, auditor_id, entropy)
        named = Auditor(id=auditor_id, name=name, transport_key=public_key(identity.transport))
    except ValidationError:
        raise CommandError(_("Cet identifiant ou ce nom ne convient pas.")) from None
    path = folder / CARD_FILE
    write_private(path, named.encode() + b"\n")
    if as_json:
        print_json({"card": str(path)})
    else:
        console().print(
            _("Envoyez {card} à l’association fondatrice.").format(card=path), markup=False
        )


def found(
    cards: Annotated[list[Path], typer.Argument(help=_("Une carte par association."))],
    network: Annotated[str, typer.Option("--network", help=_("Nom court du réseau."))],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help=_("Dossier à remplir."))],
    auditors: Annotated[
        list[Path] | None, typer.Option("--auditor", help=_("Carte d’une personne qui contrôle."))
    ] = None,
    quota: Annotated[
        int, typer.Option(min=1, help=_("Questions par jour et par association."))
    ] = 1000,
    *,
    as_json: Json = False,
) -> None:
    """Deal the network's key and write what the founder sends out."""
    founding = found_network(
        [_read_as(Card, path) for path in cards],
        network,
        SystemClock().now(),
        entropy,
        Parameters(quota_daily=quota),
        [_read_as(Auditor, path) for path in auditors or ()],
    )
    write_private(out / GENESIS_FILE, founding.genesis)
    for member, share in founding.shares.items():
        write_private(out / f"share-{member}.json", share.encode() + b"\n")
    if as_json:
        shares = {member: str(out / f"share-{member}.json") for member in founding.shares}
        print_json({"genesis": str(out / GENESIS_FILE), "shares": shares})
        return
    shown = console()
    needed = quorum(len(cards))
    shown.print(_("L’acte fondateur de {name} est écrit.").format(name=network), markup=False)
    shown.print(
        _("Il lui faut {needed} signatures sur {total} : veilleuse network sign").format(
            needed=needed, total=len(cards)
        )
    )
    shown.print(_("Envoyez-le à toutes, et à chacune sa part share-….json, à elle seule."))


def sign(
    genesis: Annotated[Path, typer.Argument(help=_("L’acte fondateur ; la signature s’y ajoute."))],
    officer: Annotated[Path, typer.Option(help=_("Fichier de la clé qui signe."))],
    merge: Annotated[
        list[Path] | None, typer.Option(help=_("Autre exemplaire dont ajouter les signatures."))
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help=_("Fichier de la phrase de passe de cette clé."))
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Add one officer's signature, and those of other copies."""
    raw = _read(genesis)
    for other in merge or ():
        raw = merge_signatures(raw, _read(other))
    words = passphrase(_("Phrase de passe de la clé qui signe"), passphrase_file)
    raw = sign_genesis(raw, open_officer(officer, words))
    write_private(genesis, raw)
    signed = len(read_metadata(raw).signatures)
    needed = read_metadata(raw).signed.roles["root"].threshold
    if as_json:
        print_json({"signatures": signed, "needed": needed})
    else:
        console().print(
            _("Signé. {signed} signatures, il en faut {needed}.").format(
                signed=signed, needed=needed
            )
        )


def accept(
    data: Data,
    genesis: Annotated[Path, typer.Argument(help=_("L’acte fondateur signé."))],
    share: Annotated[
        Path | None, typer.Option(help=_("La part de clé reçue, pour qui en détient une."))
    ] = None,
    vault_passphrase_file: Annotated[
        Path | None, typer.Option(help=_("Fichier de la phrase de passe du coffre."))
    ] = None,
    custody_passphrase_file: Annotated[
        Path | None, typer.Option(help=_("Fichier de la phrase de passe de la part de clé."))
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Verify the genesis and the share, and write both into the node's folder."""
    vault = Vault(data / KEYS_FOLDER, entropy)
    vault.unlock(passphrase(_("Phrase de passe du coffre"), vault_passphrase_file))
    words = (
        ""
        if share is None
        else passphrase(
            _("Nouvelle phrase de passe, pour la part de clé"), custody_passphrase_file, new=True
        )
    )
    opened = None if share is None else _read_as(SealedShare, share)
    officer = PublicKey(_read_as(Card, data / CARD_FILE).officer_key)
    own = OwnKeys(load_boot(data / KEYS_FOLDER), vault, officer)
    roster = accept_genesis(data, _read(genesis), opened, own, words, entropy)
    fingerprint = roster.network_id.hex()
    if as_json:
        print_json({"network": roster.facts.network, "network_id": fingerprint})
        return
    out = console()
    out.print(
        _("Cette association est dans le réseau {name}.").format(name=roster.facts.network),
        markup=False,
    )
    out.print(_("Empreinte, à comparer de vive voix avec deux autres :"))
    out.print("  " + _spoken(fingerprint), markup=False)
    out.print(_("Lancez : veilleuse serve --data {data}").format(data=data), markup=False)


def _spoken(fingerprint: str) -> str:
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE)
    except OSError:
        raise CommandError(_("Ce fichier ne peut pas être lu : ") + str(path)) from None


def _read_as(shape: type[M], path: Path) -> M:
    try:
        return shape.model_validate_json(_read(path))
    except ValidationError:
        raise CommandError(
            _("Ce fichier n’est pas celui qui était attendu : ") + str(path)
        ) from None
