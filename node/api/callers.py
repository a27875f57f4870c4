"""Who calls the staff API: the owner of a bearer token, or of a session and its form token."""

import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from node.accounts import Account
from node.errors import CsrfError, NotSignedInError
from node.web.security import cookies_for

if TYPE_CHECKING:  # node.app mounts the API: at run time it imports this file
    from node.app import Node

CSRF_HEADER: Final = "x-csrf-token"
_HARMLESS: Final = frozenset({"GET", "HEAD"})

Caller = Callable[..., Awaitable[Account]]


def caller_of(node: "Node") -> Caller:
    """Return the dependency that names the account behind a request.

    A browser adds its cookie to requests that another site makes it send, so a session alone
    changes nothing: the token that only our own pages know has to come along.
    """
    bearer = HTTPBearer(auto_error=False)
    cookie = APIKeyCookie(
        name=cookies_for(node.identity.id, node.settings.public_url).session, auto_error=False
    )

    async def caller(
        request: Request,
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        session: Annotated[str | None, Depends(cookie)],
    ) -> Account:
        if token is not None:
            return await node.sessions.account_of_token(token.credentials)
        if session is None:
            raise NotSignedInError("A bearer token or a session is needed.")
        signed_in = await node.sessions.session(session)
        sent = request.headers.get(CSRF_HEADER, "").encode()
        if request.method not in _HARMLESS and not hmac.compare_digest(
            sent, signed_in.csrf.encode()
        ):
            raise CsrfError("The session's token is missing from the request.")
        return signed_in.account

    return caller
