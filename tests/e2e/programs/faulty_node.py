"""A node with one fault, to show that the others notice it: `faulty_node.py serve --data FOLDER`.

Which one, a file called `fault` in the data folder says, so that a test can change it while the
node runs. No file: an honest node.
"""

import asyncio
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from unittest import mock

from crypto.group import multiply_base, scalar_from_wide
from crypto.oprf import evaluate
from federation.applying import Applied, append_own
from federation.client import PeerClient
from federation.evaluation import EvaluationServer
from federation.ports import Stored, Transaction
from federation.ranges import ANSWER_LIMIT, payloads_path
from node.services.evaluating import Evaluator
from node.services.lookup import Lookups
from node.services.views import LookupView
from node.system import entropy
from protocol.entries import Revise
from protocol.evaluation import as_elements, encode_answer, parse_request
from protocol.merkle import leaf_hash
from protocol.payload import SALT_SIZE, Code, CodePayload, EmptyPayload, Opening, commit
from protocol.requests import VerifiedRequest

Fault = Callable[[], str]
FAULT: Final = "fault"
SLOW_SECONDS: Final = 20.0
"""Longer than anybody waits for a custodian."""
HUNG_SECONDS: Final = 3600.0


def main(arguments: Sequence[str]) -> None:
    """Break what can be broken, then run the node."""
    file = Path(arguments[arguments.index("--data") + 1]) / FAULT

    def fault() -> str:
        return file.read_text() if file.exists() else ""

    _break_custodian(fault)
    _break_lookups(fault)
    _break_publishing(fault)
    sys.argv = ["veilleuse", *arguments]
    runpy.run_module("node", run_name="__main__", alter_sys=True)


def _break_custodian(fault: Fault) -> None:
    honest = EvaluationServer.answer

    async def answer(self: EvaluationServer, caller: str, verified: VerifiedRequest) -> bytes:
        match fault():
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "hung":
                await asyncio.sleep(HUNG_SECONDS)
            case "wrong-answer":
                # Sound in itself, but under another key than this custodian's share.
                key = scalar_from_wide(entropy(64))
                elements = as_elements(parse_request(verified.request.body))
                return encode_answer(evaluate(key, multiply_base(key), elements, entropy(32)))
            case "bad-proof":
                body = await honest(self, caller, verified)
                place = body.index(b'"proof":"') + len(b'"proof":"')
                digit = b"1" if body[place : place + 1] == b"0" else b"0"
                return body[:place] + digit + body[place + 1 :]
            case "garbage":
                return b"<html>"
        return await honest(self, caller, verified)

    mock.patch.object(EvaluationServer, "answer", answer).start()


def _break_lookups(fault: Fault) -> None:
    """Let a lookup that found something show on the wire, in one of two ways."""
    honest = Lookups._conclude  # the last step, when hit or miss is known
    clients: dict[str, PeerClient] = {}
    made = Evaluator.__init__
    tasks: set[asyncio.Task[bytes]] = set()

    def init(self: Evaluator, *given: object, **named: object) -> None:
        made(self, *given, **named)  # type: ignore[arg-type]  # passed on as it came
        clients.update(self._gatherer.clients)

    def conclude(self: Lookups, *given: object, **named: object) -> LookupView:
        view = honest(self, *given, **named)  # type: ignore[arg-type]  # the same
        match fault():
            case "fetch-on-hit" if view.matches:
                origin = view.matches[0].association
                path = payloads_path(origin, 0, 1)
                tasks.add(asyncio.create_task(clients[origin].get(path, ANSWER_LIMIT)))
            case "byte-on-hit":
                for client in clients.values():
                    client._http.headers["user-agent"] = "veilleuse" + "!" * bool(view.matches)
        return view

    mock.patch.object(Evaluator, "__init__", init).start()
    mock.patch.object(Lookups, "_conclude", conclude).start()


def _break_publishing(fault: Fault) -> None:
    """Sign a withdrawal of what was never announced: peers must stop there."""

    def append(tx: Transaction, origin: str, rows: Sequence[Stored], ceiling: str) -> Applied:
        if fault() != "poison":
            return append_own(tx, origin, rows, ceiling)
        # Past the rules that keep an honest node from it; what comes after it is sound.
        signed = (_poison(origin), *rows)
        grown = tx.position(origin).applied.extend(leaf_hash(row.raw) for row in signed)
        tx.append(origin, signed, (), grown)
        return Applied((), signed, grown, None)

    mock.patch("node.services.own_log.append_own", append).start()


def _poison(origin: str) -> Stored:
    entry_id = entropy(16)
    code = Opening(entropy(SALT_SIZE), CodePayload(code=Code.WITHDRAW).encode())
    body = Opening(entropy(SALT_SIZE), EmptyPayload().encode())
    entry = Revise(
        id=entry_id,
        ref=0xFFFF,
        c=commit(origin, entry_id, code),
        body=commit(origin, entry_id, body),
    )
    return Stored(entry.encode(), (code, body))


if __name__ == "__main__":
    main(sys.argv[1:])
