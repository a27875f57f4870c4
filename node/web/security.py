"""What keeps one person's pages theirs: cookies, form tokens, headers.

Two independent checks stand before any form is read. The browser's own word on where the form
came from (`Sec-Fetch-Site`, `Origin`), and a token that only our own page knew: the session's, or,
before there is a session, a value that the page put both in the form and in a cookie. The second
is what counts where the first is silent: under `Referrer-Policy: no-referrer` a browser sends
`Origin: null` with its own forms.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with each page. No script may run, nothing may be loaded from elsewhere."""

ASSET_HEADERS: Final[Mapping[str, str]] = {
    # The address holds the content's digest: it never changes under one address.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with the stylesheet and the icon."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """This node's cookies. Browsers share them between ports, so names carry the node's id."""

    association: str
    secure: bool

    @property
    def session(self) -> str:
        """Name of the cookie that holds the session."""
        return self._named("")

    @property
    def form(self) -> str:
        """Name of the cookie that guards a form sent before there is a session."""
        return self._named("-form")

    def put(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """Set a cookie that no script reads and that no other site's request carries."""
        same_site: Literal["strict"] = "strict"
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=same_site,
        )

    def drop(self, response: Response, name: str) -> None:
        """Make the browser forget a cookie."""
        self.put(response, name, "", max_age=0)

    def _named(self, suffix: str) -> str:
        # __Host- makes the browser insist on https, path / and this host alone.
        return f"{'__Host-' if self.secure else ''}veilleuse-{self.association}{suffix}"


def cookies_for(association: str, public_url: str) -> Cookies:
    """Return the cookies of the node that answers at `public_url`."""
    return Cookies(association, urlsplit(public_url).scheme == "https")


def origin_of(public_url: str) -> str:
    """Return scheme, host and port of a URL, as browsers write an origin."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


def sent_from_here(headers: Mapping[str, str], origin: str) -> bool:
    """Return False where the browser says that a form came from another site.

    Args:
        headers: of the request.
        origin: ours, by `origin_of`.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    claimed = headers.get("origin")
    return claimed in {None, "null", origin}


def same_token(one: str | None, other: str | None) -> bool:
    """Return whether two form tokens are there and equal, in a time that tells nothing."""
    if not one or not other:
        return False
    return hmac.compare_digest(one.encode(), other.encode())
