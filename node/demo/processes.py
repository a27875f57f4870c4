"""Node processes: started, watched, and stopped by their ids. None outlives the demo."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Self

import node
from node.demo.stations import Station
from node.errors import NodeError

LOG_FILE: Final = "log"
_ROOT: Final = Path(node.__file__).resolve().parent.parent
_LAST_WORDS: Final = 4096
_GRACE: Final = 10.0


class DemoError(NodeError):
    """A part of the demo did not come up; the sentence says which, and what it said last."""

    code: ClassVar[str] = "demo"


@dataclass(slots=True)
class Running:
    """Running node processes, by association id."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lifeline: int | None = None

    @classmethod
    def start(cls, stations: Sequence[Station]) -> Self:
        """Start a process for each station.

        Each inherits its listening socket, so that no port is lost on the way, and the reading end
        of a pipe: when this process ends, however it ends, the pipe closes and the nodes stop.
        """
        running = cls()
        reading, running._lifeline = os.pipe()
        try:
            for station in stations:
                running.processes[station.player.id] = _spawn(station, reading)
                station.listener.close()
        except BaseException:
            running.stop()
            raise
        finally:
            os.close(reading)
        return running

    def pid(self, association: str) -> int:
        """Return the process id of one node."""
        return self.processes[association].pid

    def check(self, station: Station) -> None:
        """Return while a node's process lives.

        Raises:
            DemoError: it has ended; with the end of what it logged.
        """
        code = self.processes[station.player.id].poll()
        if code is not None:
            log = (station.data / LOG_FILE).read_bytes()[-_LAST_WORDS:].decode(errors="replace")
            raise DemoError(f"The node {station.player.id} ended with status {code}:\n{log}")

    def stop(self) -> None:
        """Stop every process and wait until it is gone; once is enough, twice does no harm."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _spawn(station: Station, lifeline: int) -> subprocess.Popen[bytes]:
    listener = station.listener.fileno()
    command = [sys.executable, "-P", "-m", "node", "serve", "--data", str(station.data)]
    options = ["--fd", str(listener), "--lifeline", str(lifeline)]
    with (station.data / LOG_FILE).open("ab") as log:
        return subprocess.Popen(  # noqa: S603  (our own program)
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(listener, lifeline),
            start_new_session=True,  # Ctrl-C is for the demo, which then stops them in order
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
