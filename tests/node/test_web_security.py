"""Cookies, form tokens, headers: each test fails if its defence is taken out of node/web."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from node.errors import VaultLockedError
from node.permissions import PERMISSIONS, Permission, Role
from node.web.pages import pages
from node.web.security import cookies_for, sent_from_here
from tests.node.web_fixture import URL, Stage, stage, token_in
from tests.node.web_samples import found, report

PASSWORD = "une phrase assez longue"
REPORT = f"/signalements/{1:032x}"
NEEDED: dict[tuple[str, str], Permission | None] = {
    ("GET", "/"): None,
    ("GET", "/chercher"): Permission.LOOKUP,
    ("POST", "/chercher"): Permission.LOOKUP,
    ("GET", "/signaler"): Permission.REPORT_CREATE,
    ("POST", "/signaler"): Permission.REPORT_CREATE,
    ("GET", "/signalements"): Permission.REPORT_READ,
    ("GET", "/signalements/{report_id}"): Permission.REPORT_READ,
    ("GET", "/signalements/{report_id}/recu"): Permission.REPORT_CREATE,
    ("POST", "/signalements/{report_id}/approuver"): Permission.REPORT_DECIDE,
    ("POST", "/signalements/{report_id}/refuser"): Permission.REPORT_DECIDE,
    ("POST", "/signalements/{report_id}/retirer"): Permission.REPORT_WITHDRAW_OWN,
    ("GET", "/a-relire"): Permission.REPORT_DECIDE,
    ("GET", "/recoupements"): Permission.MATCHES_READ,
    ("POST", "/recoupements/{key}/vu"): Permission.MATCHES_READ,
    ("GET", "/reseau"): Permission.NETWORK_READ,
    ("GET", "/ouvrir"): Permission.UNLOCK,
    ("POST", "/ouvrir"): Permission.UNLOCK,
    ("POST", "/reseau/{member}/reprendre"): Permission.NETWORK_LIFT,
}
"""What each page needs; a page that is not here fails `test_every_page_is_in_the_table`."""
OPEN = {
    ("GET", "/connexion"),
    ("POST", "/connexion"),
    ("GET", "/entrer/{secret}"),
    ("POST", "/entrer/{secret}"),
    ("POST", "/sortir"),
    ("GET", "/static/{digest}/{name}"),
}
"""Pages for people who are not signed in."""


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as built:
        built.script.reports = {f"{1:032x}": report(1)}
        yield built


def concrete(path: str) -> str:
    return path.replace("{report_id}", f"{1:032x}").replace("{key}", "ab" * 16)


def routes(node: Stage) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in walk(pages(node.node).routes):
        found |= {(method, route.path) for method in route.methods or ()}
    return found


def walk(parts: object) -> list[APIRoute]:
    seen: list[APIRoute] = []
    for part in parts:  # type: ignore[attr-defined]
        inner = getattr(part, "original_router", None)
        if isinstance(part, APIRoute):
            seen.append(part)
        elif inner is not None:
            seen += walk(inner.routes)
    return seen


async def signed_out(node: Stage, cookies: dict[str, str]) -> bool:
    """Return whether a browser with these cookies is sent to the sign-in page."""
    async with node.browser() as client:
        client.cookies.update(cookies)
        return (await client.get("/")).status_code == 303


async def test_every_page_is_in_the_table(node: Stage) -> None:
    assert routes(node) == set(NEEDED) | OPEN


@pytest.mark.parametrize("role", Role)
async def test_each_role_sees_only_its_pages(node: Stage, role: Role) -> None:
    browser = await node.signed_in(role)
    await browser.open("/")
    for (method, path), needed in NEEDED.items():
        if method == "GET":
            answer = await browser.client.get(concrete(path))
        else:
            answer = await browser.send(concrete(path), {})
        allowed = needed is None or needed in PERMISSIONS[role]
        assert (answer.status_code == 403) is not allowed, (role, method, path)


async def test_nobody_sees_a_page_without_a_session(node: Stage) -> None:
    async with node.browser() as client:
        for method, path in NEEDED:
            answer = await client.request(method, concrete(path), headers={"origin": URL})
            assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")


async def test_a_form_without_the_sessions_token_changes_nothing(node: Stage) -> None:
    browser = await node.signed_in()
    for token in ("", "x" * 43, browser.token[:-1] + "é"):
        answer = await browser.send(f"{REPORT}/approuver", {"token": token})
        assert answer.status_code == 403
    assert node.script.calls == []
    await browser.send(
        f"{REPORT}/approuver", {"token": (await browser.open("/")) and browser.token}
    )
    assert [call[0] for call in node.script.calls] == ["approve"]


async def test_another_sessions_token_is_refused(node: Stage) -> None:
    one, other = await node.signed_in(name="Maud"), await node.signed_in(name="Inès")
    await one.open("/")
    await other.open("/")
    answer = await other.send(f"{REPORT}/approuver", {"token": one.token})
    assert answer.status_code == 403
    assert node.script.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://elsewhere.example"},
    ],
)
async def test_a_form_from_another_site_is_refused_whatever_its_token(
    node: Stage, headers: dict[str, str]
) -> None:
    browser = await node.signed_in()
    await browser.open("/")
    answer = await browser.client.post(
        f"{REPORT}/approuver", data={"token": browser.token}, headers=headers
    )
    assert answer.status_code == 403
    assert node.script.calls == []


def test_browsers_that_say_null_or_nothing_are_judged_by_the_token() -> None:
    for headers in ({}, {"origin": "null"}, {"origin": URL, "sec-fetch-site": "same-origin"}):
        assert sent_from_here(headers, URL)


async def test_signing_in_needs_our_page_too(node: Stage) -> None:
    """Else another site could sign a browser in as somebody else."""
    await node.accounts.create_account("Maud", Role.MODERATOR, PASSWORD)
    async with node.browser() as client:
        fields = {"name": "Maud", "password": PASSWORD, "token": "a" * 64}
        assert (await client.post("/connexion", data=fields)).status_code == 403
        page = await client.get("/connexion")
        fields["token"] = token_in(page.text)
        assert (await client.post("/connexion", data=fields)).status_code == 303
        assert (await client.get("/")).status_code == 200


async def test_a_link_is_only_used_by_the_button(node: Stage) -> None:
    account = await node.accounts.create_account("Maud", Role.MODERATOR)
    secret = await node.sessions.issue_signin_link(account, 600)
    async with node.browser() as client:
        for _ in range(3):
            page = await client.get(f"/entrer/{secret}")
            assert page.status_code == 200
            assert "Entrer" in page.text
        fields = {"token": token_in(page.text)}
        assert (await client.post(f"/entrer/{secret}", data=fields)).status_code == 303
        again = await client.get(f"/entrer/{secret}")
        fields = {"token": token_in(again.text)}
        assert (await client.post(f"/entrer/{secret}", data=fields)).status_code == 403


async def test_wrong_passwords_keep_the_name_and_never_the_password(node: Stage) -> None:
    await node.accounts.create_account("Maud", Role.MODERATOR, PASSWORD)
    async with node.browser() as client:
        statuses = []
        for _ in range(8):
            token = token_in((await client.get("/connexion")).text)
            fields = {"name": "Maud", "password": "pas la bonne phrase", "token": token}
            answer = await client.post("/connexion", data=fields)
            assert 'value="Maud"' in answer.text
            assert "pas la bonne phrase" not in answer.text
            statuses.append(answer.status_code)
        assert statuses[0] == 403
        assert statuses[-1] == 429


async def test_an_empty_sign_in_says_what_is_missing(node: Stage) -> None:
    async with node.browser() as client:
        token = token_in((await client.get("/connexion")).text)
        answer = await client.post("/connexion", data={"name": " ", "token": token})
        assert answer.status_code == 422
        assert 'href="#name"' in answer.text
        assert 'href="#password"' in answer.text


async def test_signing_in_ends_the_session_before_and_signing_out_ends_this_one(
    node: Stage,
) -> None:
    browser = await node.signed_in(name="Maud")
    first = dict(browser.client.cookies)
    account = await node.accounts.account_named("Maud")
    secret = await node.sessions.issue_signin_link(account, 600)
    await browser.open(f"/entrer/{secret}")
    await browser.send(f"/entrer/{secret}", {})
    second = dict(browser.client.cookies)
    assert first != second
    assert await signed_out(node, first)
    assert not await signed_out(node, second)
    await browser.open("/")
    assert (await browser.send("/sortir", {})).headers["location"] == "/connexion"
    assert await signed_out(node, second)
    assert (await browser.send("/sortir", {})).status_code == 303


async def test_cookies_are_out_of_reach_and_named_for_the_node(node: Stage) -> None:
    account = await node.accounts.create_account("Maud", Role.MODERATOR)
    secret = await node.sessions.issue_signin_link(account, 600)
    async with node.browser() as client:
        page = await client.get(f"/entrer/{secret}")
        form_cookie = page.headers["set-cookie"]
        answer = await client.post(f"/entrer/{secret}", data={"token": token_in(page.text)})
        cookie = answer.headers.get_list("set-cookie")[0]
    assert form_cookie.startswith("veilleuse-cabiria-form=")
    assert cookie.startswith("veilleuse-cabiria=")
    for header in (form_cookie, cookie):
        parts = {part.strip().lower() for part in header.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= parts
        assert "secure" not in parts


def test_over_https_cookies_are_bound_to_the_host() -> None:
    cookies = cookies_for("cabiria", "https://cabiria.example")
    assert cookies.secure
    assert cookies.session == "__Host-veilleuse-cabiria"
    assert cookies.form == "__Host-veilleuse-cabiria-form"
    assert cookies_for("strass", "https://x.example").session != cookies.session


async def test_every_page_carries_the_headers(node: Stage) -> None:
    browser = await node.signed_in()
    node.script.lookup = found()
    answers = [await browser.open(path) for path in ("/", "/chercher", "/ouvrir", "/connexion")]
    answers.append(await browser.send("/chercher", {"number": "06 39 98 01 23"}))
    answers.append(await node.browser().get("/"))
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "img-src": "'self'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        for forbidden in ("<script", " style=", "<style", "onclick", "http://", "https://"):
            assert forbidden not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_the_stylesheet_is_small_cached_and_only_at_its_digest(node: Stage) -> None:
    async with node.browser() as client:
        page = (await client.get("/connexion")).text
        address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        style = await client.get(address)
        assert style.headers["content-type"].startswith("text/css")
        assert "immutable" in style.headers["cache-control"]
        assert len(gzip.compress(style.content)) <= 8192
        assert b"url(" not in style.content
        assert b"@import" not in style.content
        other = await client.get(address.replace("/static/", "/static/0"))
        assert other.status_code == 404


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"a" * 300_000, "application/x-www-form-urlencoded"),
        (b"number=%FF", "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(300)), "application/x-www-form-urlencoded"),
        (b"number=\xc3\xa9", "application/x-www-form-urlencoded"),
        (b'{"number": "1"}', "application/json"),
        (b"", ""),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    node: Stage, content: bytes, content_type: str
) -> None:
    browser = await node.signed_in()
    answer = await browser.client.post(
        "/chercher", content=content, headers={"content-type": content_type, "origin": URL}
    )
    assert answer.status_code == 400
    assert node.script.calls == []


async def test_what_is_typed_is_shown_as_text(node: Stage) -> None:
    browser = await node.signed_in()
    await browser.open("/signaler")
    attack = '"><script>alert(1)</script>'
    answer = await browser.send("/signaler", {"number": attack, "narrative": attack})
    assert answer.status_code == 422
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_no_number_is_in_an_address_a_title_or_a_header(node: Stage) -> None:
    browser = await node.signed_in()
    await browser.open("/chercher")
    answer = await browser.send("/chercher", {"number": "06 39 98 01 23"})
    assert answer.status_code == 200
    assert "<title>Veilleuse</title>" in answer.text
    assert "39980123" not in str(answer.url) + str(answer.headers)
    await browser.open("/signaler")
    node.script.created = report(7)
    handed_in = await browser.send(
        "/signaler",
        {"number": "0639980123", "severity": "risque", "violence": "vol", "knowledge": "relayed"},
    )
    assert handed_in.headers["location"] == f"/signalements/{7:032x}/recu"


async def test_a_locked_vault_says_what_to_do(node: Stage) -> None:
    browser = await node.signed_in()
    node.script.reports_error = VaultLockedError("locked")
    answer = await browser.open("/signalements")
    assert answer.status_code == 503
    assert "Le coffre est fermé" in answer.text
