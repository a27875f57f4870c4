"""What somebody sees who watches every connection between nodes: requests, answers, their sizes."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.relay import Connection

EVALUATE: Final = "/federation/v1/evaluate"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_KEYID: Final = re.compile(rb'keyid="([^"]+)"')


@dataclass(frozen=True)
class Message:
    """One HTTP/1.1 message, byte for byte."""

    head: bytes
    body: bytes

    @property
    def first_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()


@dataclass(frozen=True)
class Exchange:
    """One request between two nodes, and its answer."""

    receiver: str
    request: Message
    answer: Message

    @property
    def sender(self) -> str:
        found = _KEYID.search(self.request.head)
        return "" if found is None else found[1].decode()

    @property
    def path(self) -> str:
        return self.request.first_line.split(" ")[1]

    @property
    def shape(self) -> str:
        """All that shows without reading: who, what, and every size."""
        asked, told = self.request, self.answer
        return (
            f"{self.sender} -> {self.receiver}: {asked.first_line}"
            f" [{len(asked.head)}+{len(asked.body)}]"
            f" {told.first_line} [{len(told.head)}+{len(told.body)}]"
        )


class Reader:
    """Reads exchanges off connections as they come; no byte is left out."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections
        self._read: list[tuple[int, int]] = []

    def take(self) -> list[Exchange]:
        """Return the exchanges that ended since the last call."""
        done: list[Exchange] = []
        for number, connection in enumerate(tuple(self._connections)):
            if number == len(self._read):
                self._read.append((0, 0))
            asked, told = self._read[number]
            while (answer := _message(connection.answers, told)) is not None:
                request = _message(connection.requests, asked)
                assert request is not None, "an answer to nothing"
                done.append(Exchange(connection.receiver, request, answer))
                asked += len(request.head) + len(request.body)
                told += len(answer.head) + len(answer.body)
            self._read[number] = asked, told
        return done

    @property
    def waiting(self) -> bool:
        """Whether some request is not fully answered yet."""
        for number, connection in enumerate(tuple(self._connections)):
            asked, told = self._read[number] if number < len(self._read) else (0, 0)
            if len(connection.requests) > asked or len(connection.answers) > told:
                return True
        return False


@dataclass
class Block:
    """All traffic of the network during some lookups of one kind."""

    lookups: list[list[Exchange]] = field(default_factory=list)
    """Per lookup: from its question until all that it set going was answered."""
    after: list[Exchange] = field(default_factory=list)
    """What came later, in the pause between two blocks."""


def differences(hits: Sequence[Block], misses: Sequence[Block]) -> list[str]:
    """Return what tells hits from misses on the wire; empty if nothing does."""
    found = [*_unlike(hits, "hit"), *_unlike(misses, "miss")]
    all_hits, all_misses = _shapes(hits), _shapes(misses)
    found += [f"{n} times more in hits: {shape}" for shape, n in (all_hits - all_misses).items()]
    found += [f"{n} times more in misses: {shape}" for shape, n in (all_misses - all_hits).items()]
    return found


def repeated_elements(exchanges: Iterable[Exchange]) -> list[str]:
    """Return the blinded elements that show in more than one attempt, or twice in one."""
    attempts: dict[str, tuple[str, ...]] = {}
    changed: list[str] = []
    for exchange in exchanges:
        if exchange.path != EVALUATE:
            continue
        body = json.loads(exchange.request.body)
        elements = tuple(body["elements"])
        if attempts.setdefault(body["request"], elements) != elements:
            changed.append(f"attempt {body['request']} asks for two sets of elements")
    seen = Counter(element for elements in attempts.values() for element in elements)
    return changed + [element for element, times in seen.items() if times > 1]


def attempts(exchanges: Iterable[Exchange]) -> int:
    """Return how many attempts were made."""
    return len(
        {json.loads(one.request.body)["request"] for one in exchanges if one.path == EVALUATE}
    )


def everything(blocks: Iterable[Block]) -> Iterator[Exchange]:
    """Yield all exchanges of `blocks`."""
    for block in blocks:
        for lookup in block.lookups:
            yield from lookup
        yield from block.after


def _unlike(blocks: Sequence[Block], kind: str) -> list[str]:
    """Return how the lookups of one kind differ among themselves: none should."""
    patterns = {
        frozenset(Counter(one.shape for one in lookup).items())
        for block in blocks
        for lookup in block.lookups
    }
    late = sum(len(block.after) for block in blocks)
    found = [] if len(patterns) <= 1 else [f"{len(patterns)} patterns among {kind} lookups"]
    return found + ([f"{late} exchanges after {kind} lookups"] if late else [])


def _shapes(blocks: Sequence[Block]) -> Counter[str]:
    return Counter(one.shape for one in everything(blocks))


def _message(stream: bytearray, start: int) -> Message | None:
    end = stream.find(b"\r\n\r\n", start)
    if end < 0:
        return None
    head = bytes(stream[start : end + 4])
    assert b"transfer-encoding" not in head.lower(), "a length that only the content shows"
    found = _LENGTH.search(head)
    size = 0 if found is None else int(found[1])
    body = bytes(stream[end + 4 : end + 4 + size])
    return Message(head, body) if len(body) == size else None
