"""Serves the pages of tests/node/web_fixture.py on loopback, from a thread with its own loop."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from node.permissions import Role
from tests.node.web_fixture import Script, Stage, stage


@dataclass
class Served:
    """A node's pages at a URL. `script` may be changed while it runs."""

    url: str
    stage: Stage
    loop: asyncio.AbstractEventLoop

    @property
    def script(self) -> Script:
        """What the services answer."""
        return self.stage.script

    def signin_link(self, role: Role, name: str) -> str:
        """Return a fresh single-use link for the account called `name`."""

        async def issue() -> str:
            accounts = self.stage.accounts
            known = {account.name: account for account in await accounts.accounts()}
            account = known.get(name) or await accounts.create_account(name, role)
            return await self.stage.sessions.issue_signin_link(account, 600)

        secret = asyncio.run_coroutine_threadsafe(issue(), self.loop).result(10)
        return f"{self.url}/entrer/{secret}"


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve on a free port until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ready, stop = threading.Event(), threading.Event()
    box: list[Served] = []

    async def run() -> None:
        async with stage(folder, public_url=url) as built:
            config = uvicorn.Config(built.app, log_level="error", access_log=False)
            server = uvicorn.Server(config)
            box.append(Served(url, built, asyncio.get_running_loop()))
            task = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
                await asyncio.sleep(0.01)
            ready.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await task

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    if not ready.wait(20):
        message = "The pages were not served in time."
        raise TimeoutError(message)
    try:
        yield box[0]
    finally:
        stop.set()
        thread.join(20)
        listener.close()
