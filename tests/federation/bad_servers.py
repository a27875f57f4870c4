"""Servers that behave badly, over real sockets on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """What was asked of a server, and where it is."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[Server]:
    """Run a server on a free port that reads each request and then does `behave`."""
    server = Server("")

    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.lower().splitlines()
                        if line.startswith(b"content-length:")
                    ),
                    0,
                )
                server.requests.append(head + await reader.readexactly(length))
                await behave(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections)


def saying(
    status: str, body: bytes = b"", *, length: int | None = None, **headers: str
) -> Behaviour:
    """Return the behaviour of a server that always gives one answer."""
    declared = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"content-length: {declared}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return behave


def chunks(*parts: bytes, pause: float = 0.0) -> Behaviour:
    """Return the behaviour of a server that sends a 200 in chunks, pausing before each."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for part in (*parts, b""):
            await asyncio.sleep(pause)
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()

    return behave


LOCATIONS = ("x:y", "http://[", "http://xn--\xff.example/", "http://" + "a" * 300, "http://a:99999")
"""Where a redirection leads that no client can parse: each in its own way."""

JUNK = (
    b"no HTTP at all\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nset-cookie: \xff=\x00\r\ncontent-length: 2\r\n\r\n{}",
)
"""Answers that no client expects."""


def raw(answer: bytes) -> Behaviour:
    """Return the behaviour of a server that sends these bytes and hangs up."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return behave


async def hang(writer: asyncio.StreamWriter) -> None:
    """Accept the request and never say anything."""
    del writer
    await asyncio.sleep(3600)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close the connection instead of answering."""
    writer.close()
    await writer.wait_closed()
