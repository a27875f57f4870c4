import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, select

from node.accounts import FIRST_WAIT, FREE_FAILURES, LONGEST_WAIT, Account, Accounts
from node.errors import (
    InvalidError,
    NameTakenError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
    SigninError,
    ThrottledError,
)
from node.passwords import MAX_LENGTH, HashCost, hash_password, password_matches
from node.permissions import PERMISSIONS, Permission, Role
from node.sessions import HOUR, Sessions
from node.storage.account_tables import AccountRow, SessionRow, SigninRow, TokenRow
from node.storage.database import Database
from node.system import entropy
from tests.node.clock import Clock

CHEAP = HashCost(operations=1, memory_bytes=8 * 1024)
PASSWORD = "une phrase assez longue"


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.accounts = Accounts(database, self.clock, entropy, CHEAP)
        self.sessions = Sessions(database, self.clock, entropy, hours=12)

    async def ana(self) -> Account:
        return await self.accounts.create_account("Ana", Role.MODERATOR, PASSWORD)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


async def test_a_password_opens_its_account(world: World) -> None:
    ana = await world.ana()
    assert await world.accounts.check_password("Ana", PASSWORD) == ana
    assert await world.accounts.check_password("  Ana ", PASSWORD) == ana
    assert await world.accounts.account_named("Ana") == ana
    assert await world.accounts.accounts() == [ana]


@pytest.mark.parametrize(
    ("name", "password"),
    [("Ana", "une phrase assez courte"), ("Bea", PASSWORD), ("", PASSWORD), ("Ana", "x" * 9999)],
)
async def test_nothing_else_does_and_all_refusals_read_the_same(
    world: World, name: str, password: str
) -> None:
    await world.ana()
    with pytest.raises(SigninError) as caught:
        await world.accounts.check_password(name, password)
    assert str(caught.value) == "The name and the password do not go together."


async def test_an_account_without_a_password_signs_in_by_link_only(world: World) -> None:
    await world.accounts.create_account("Lien", Role.CASEWORKER)
    with pytest.raises(SigninError):
        await world.accounts.check_password("Lien", PASSWORD)


async def test_a_name_that_does_not_exist_takes_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def count(hashed: str, password: str) -> bool:
        checked.append(hashed)
        return password_matches(hashed, password)

    monkeypatch.setattr("node.accounts.password_matches", count)
    with pytest.raises(SigninError):
        await world.accounts.check_password("Personne", PASSWORD)
    with pytest.raises(SigninError):
        await world.accounts.check_password("Personne", PASSWORD)
    assert len(checked) == 2
    assert checked[0].startswith("$argon2id$")


def count_rows(table: type[SQLModel], session: Session) -> int:
    return len(session.exec(select(table)).all())


async def fail(world: World, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SigninError):
            await world.accounts.check_password("Ana", "pas la bonne phrase")


async def test_wrong_passwords_make_people_wait_longer_and_longer(world: World) -> None:
    await world.ana()
    await fail(world, FREE_FAILURES + 1)
    with pytest.raises(ThrottledError) as caught:
        await world.accounts.check_password("Ana", PASSWORD)
    assert caught.value.retry_after == FIRST_WAIT
    world.clock.time += FIRST_WAIT
    await fail(world, 1)
    with pytest.raises(ThrottledError) as caught:
        await world.accounts.check_password("Ana", PASSWORD)
    assert caught.value.retry_after == 2 * FIRST_WAIT
    for _ in range(20):
        world.clock.time += LONGEST_WAIT
        await fail(world, 1)
    with pytest.raises(ThrottledError) as caught:
        await world.accounts.check_password("Ana", PASSWORD)
    assert caught.value.retry_after == LONGEST_WAIT


async def test_a_right_password_forgives_the_wrong_ones(world: World) -> None:
    await world.ana()
    await fail(world, FREE_FAILURES)
    await world.accounts.check_password("Ana", PASSWORD)
    await fail(world, FREE_FAILURES)
    await world.accounts.check_password("Ana", PASSWORD)


async def test_throttling_survives_a_restart(world: World) -> None:
    await world.ana()
    await fail(world, FREE_FAILURES + 1)
    again = Accounts(world.database, world.clock, entropy, CHEAP)
    with pytest.raises(ThrottledError):
        await again.check_password("Ana", PASSWORD)


async def test_attempts_sent_all_at_once_are_counted(world: World) -> None:
    await world.ana()
    results = await asyncio.gather(
        *(world.accounts.check_password("Ana", f"devinette {n}") for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, SigninError) for result in results) == FREE_FAILURES + 1
    assert sum(isinstance(result, ThrottledError) for result in results) == 20 - FREE_FAILURES - 1


async def test_two_accounts_cannot_have_one_name(world: World) -> None:
    await world.ana()
    with pytest.raises(NameTakenError):
        await world.accounts.create_account(" Ana", Role.CASEWORKER)


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\x00b", "a\u202eb"])
async def test_a_name_must_be_readable(world: World, name: str) -> None:
    with pytest.raises(InvalidError):
        await world.accounts.create_account(name, Role.CASEWORKER)


@pytest.mark.parametrize(
    ("password", "problem"), [("x" * 11, "too-short"), ("x" * 257, "too-long")]
)
async def test_a_password_has_a_length(world: World, password: str, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        await world.accounts.create_account("Ana", Role.CASEWORKER, password)
    assert caught.value.fields == {"password": problem}
    assert password not in str(caught.value)


async def test_another_password_ends_sessions_and_links_but_not_tokens(world: World) -> None:
    ana = await world.ana()
    opened = await world.sessions.open_session(ana)
    link = await world.sessions.issue_signin_link(ana, 60)
    token = await world.sessions.issue_token(ana, "script")
    await fail(world, FREE_FAILURES + 1)
    await world.accounts.set_password(ana, "une autre phrase longue")
    with pytest.raises(NotSignedInError):
        await world.sessions.session(opened.cookie)
    with pytest.raises(SigninError):
        await world.sessions.use_signin(link)
    assert await world.sessions.account_of_token(token) == ana
    assert await world.accounts.check_password("Ana", "une autre phrase longue") == ana
    await fail(world, 1)


async def test_a_disabled_account_is_let_in_nowhere(world: World) -> None:
    ana = await world.ana()
    opened = await world.sessions.open_session(ana)
    token = await world.sessions.issue_token(ana, "script")
    await world.accounts.disable(ana)
    with pytest.raises(SigninError):
        await world.accounts.check_password("Ana", PASSWORD)
    with pytest.raises(NotSignedInError):
        await world.sessions.session(opened.cookie)
    with pytest.raises(NotSignedInError):
        await world.sessions.account_of_token(token)
    with pytest.raises(NotFoundError):
        await world.accounts.account_named("Ana")
    assert await world.accounts.accounts() == []
    # Nor is what was issued after that, by a request that was under way.
    late = await world.sessions.open_session(ana)
    link = await world.sessions.issue_signin_link(ana, 60)
    token = await world.sessions.issue_token(ana, "script")
    with pytest.raises(NotSignedInError):
        await world.sessions.session(late.cookie)
    with pytest.raises(SigninError):
        await world.sessions.use_signin(link)
    with pytest.raises(NotSignedInError):
        await world.sessions.account_of_token(token)


async def test_an_account_that_is_gone_cannot_be_changed(world: World) -> None:
    nobody = Account("0" * 32, "Personne", Role.MODERATOR)
    with pytest.raises(NotFoundError):
        await world.accounts.set_password(nobody, PASSWORD)
    with pytest.raises(NotFoundError):
        await world.accounts.disable(nobody)


async def test_a_session_ends_by_itself_or_by_signing_out(world: World) -> None:
    ana = await world.ana()
    opened = await world.sessions.open_session(ana)
    signed_in = await world.sessions.session(opened.cookie)
    assert (signed_in.account, signed_in.csrf) == (ana, opened.csrf)
    world.clock.time += 12 * HOUR - 1
    await world.sessions.session(opened.cookie)
    world.clock.time += 1
    with pytest.raises(NotSignedInError):
        await world.sessions.session(opened.cookie)
    other = await world.sessions.open_session(ana)
    assert await world.database.read(partial(count_rows, SessionRow)) == 1
    await world.sessions.close_session(other.cookie)
    with pytest.raises(NotSignedInError):
        await world.sessions.session(other.cookie)


async def test_a_signin_link_works_once(world: World) -> None:
    ana = await world.ana()
    link = await world.sessions.issue_signin_link(ana, 60)
    results = await asyncio.gather(
        *(world.sessions.use_signin(link) for _ in range(5)), return_exceptions=True
    )
    assert results.count(ana) == 1
    assert sum(isinstance(result, SigninError) for result in results) == 4


async def test_a_signin_link_runs_out(world: World) -> None:
    ana = await world.ana()
    link = await world.sessions.issue_signin_link(ana, 60)
    world.clock.time += 60
    with pytest.raises(SigninError):
        await world.sessions.use_signin(link)


async def test_a_token_is_good_until_it_is_revoked(world: World) -> None:
    ana = await world.ana()
    token = await world.sessions.issue_token(ana, "script")
    other = await world.sessions.issue_token(ana, "autre")
    world.clock.time += 10**8
    assert await world.sessions.account_of_token(token) == ana
    await world.sessions.revoke_tokens(ana, "script")
    with pytest.raises(NotSignedInError):
        await world.sessions.account_of_token(token)
    assert await world.sessions.account_of_token(other) == ana


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "é" * 50])
async def test_what_was_never_issued_lets_nobody_in(world: World, wrong: str) -> None:
    with pytest.raises(NotSignedInError):
        await world.sessions.session(wrong)
    with pytest.raises(NotSignedInError):
        await world.sessions.account_of_token(wrong)
    with pytest.raises(SigninError):
        await world.sessions.use_signin(wrong)


async def test_a_stolen_database_lets_nobody_in(world: World, tmp_path: Path) -> None:
    ana = await world.ana()
    opened = await world.sessions.open_session(ana)
    secrets = [
        opened.cookie,
        await world.sessions.issue_token(ana, "script"),
        await world.sessions.issue_signin_link(ana, 60),
        PASSWORD,
    ]
    assert len(set(secrets)) == 4
    stolen = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert not any(secret.encode() in stolen for secret in secrets)
    for table in (AccountRow, SessionRow, TokenRow, SigninRow):
        assert await world.database.read(partial(count_rows, table)) == 1


def test_one_password_however_its_accents_are_typed() -> None:
    hashed = hash_password("phrase \u00e9t\u00e9 longue", CHEAP)
    assert password_matches(hashed, "phrase e\u0301te\u0301 longue")
    assert not password_matches(hashed, "phrase ete longue")
    assert hash_password("phrase \u00e9t\u00e9 longue", CHEAP) != hashed
    assert not password_matches(hashed, "x" * (MAX_LENGTH + 1))


def test_by_default_a_password_costs_what_it_should() -> None:
    hashed = hash_password(PASSWORD, HashCost())
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_every_role_is_in_the_table_and_may_do_what_it_says() -> None:
    reading = {Permission.REPORT_READ, Permission.LOOKUP, Permission.MATCHES_READ}
    assert PERMISSIONS.keys() == set(Role)
    assert reading <= PERMISSIONS[Role.CASEWORKER] < PERMISSIONS[Role.MODERATOR]
    assert PERMISSIONS[Role.ADMINISTRATOR] == {
        Permission.NETWORK_READ,
        Permission.NETWORK_LIFT,
        Permission.UNLOCK,
        Permission.ACCOUNTS,
    }
    assert PERMISSIONS[Role.MODERATOR] - PERMISSIONS[Role.CASEWORKER] == {
        Permission.REPORT_DECIDE,
        Permission.REPORT_WITHDRAW,
    }


def test_an_account_is_refused_what_its_role_may_not_do() -> None:
    administrator = Account("0" * 32, "Racine", Role.ADMINISTRATOR)
    administrator.require(Permission.UNLOCK)
    with pytest.raises(PermissionDeniedError):
        administrator.require(Permission.REPORT_READ)
