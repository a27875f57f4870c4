"""TCP relays in front of nodes: each is a node's public address, and keeps every byte it carries.

All relays of a fleet live in one thread with one event loop. The node behind a relay may change its
port, be cut off and come back; its peers see the same address all the time.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

_CHUNK: Final = 65_536
_LAST_WORDS: Final = 1.0


@dataclass
class Connection:
    """One connection that a relay carried: what each side has sent so far."""

    receiver: str
    """Association id of the node behind the relay."""
    requests: bytearray = field(default_factory=bytearray)
    answers: bytearray = field(default_factory=bytearray)


@dataclass
class _Relay:
    receiver: str
    target: int | None = None
    """The node's own port; None while nobody is there."""
    server: asyncio.Server | None = None
    carrying: set[asyncio.Task[None]] = field(default_factory=set)


class Relays:
    """The relays of one fleet. Use as a context manager."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._relays: dict[str, _Relay] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self, receiver: str, port: int) -> None:
        """Listen on `port` for the node called `receiver`.

        Raises:
            OSError: somebody else took the port meanwhile.
        """
        relay = _Relay(receiver)
        self._call(self._listen(relay, port))
        self._relays[receiver] = relay

    def point(self, receiver: str, target: int | None) -> None:
        """Carry new connections to `target`; None refuses them and breaks those that are open."""
        self._call(self._point(self._relays[receiver], target))

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, relay: _Relay, port: int) -> None:
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                relay.carrying.add(task)
                task.add_done_callback(relay.carrying.discard)
            with suppress(asyncio.CancelledError):  # the connection is cut: that is all
                await self._carry(relay, reader, writer)

        relay.server = await asyncio.start_server(carry, "127.0.0.1", port)

    async def _point(self, relay: _Relay, target: int | None) -> None:
        relay.target = target
        if target is None:
            await _cancel(relay.carrying)

    async def _carry(
        self, relay: _Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if relay.target is None:
                return
            there, back = await asyncio.open_connection("127.0.0.1", relay.target)
        except OSError:
            return
        else:
            connection = Connection(relay.receiver)
            self.connections.append(connection)
            ways = [
                asyncio.create_task(_pump(reader, back, connection.requests)),
                asyncio.create_task(_pump(there, writer, connection.answers)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                # An answer may come to a request that broke off; nobody asks without listening.
                await asyncio.wait(ways[1:], timeout=_LAST_WORDS)
            finally:
                back.close()
                await _cancel(set(ways))
        finally:
            writer.close()

    async def _close(self) -> None:
        for relay in self._relays.values():
            if relay.server is not None:
                relay.server.close()
            await _cancel(relay.carrying)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray
) -> None:
    while chunk := await reader.read(_CHUNK):
        kept += chunk
        writer.write(chunk)
        await writer.drain()


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.sleep(0)  # one that has not begun would not clean up
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
