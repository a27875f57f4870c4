"""What can keep a command from being carried out."""

from collections.abc import Mapping
from typing import ClassVar

from node.errors import NodeError


class CommandError(NodeError):
    """The command cannot be carried out like this; its sentence, for people, says what to do."""

    code: ClassVar[str] = "command"


class RemoteError(NodeError):
    """The running node refused; `remote_code` is its own stable code."""

    code: ClassVar[str] = "remote"

    def __init__(self, status: int, problem: Mapping[str, object]) -> None:
        code = problem.get("code")
        title = problem.get("title")
        super().__init__(title if isinstance(title, str) else f"The node answered {status}.")
        self.status = status
        self.remote_code = code if isinstance(code, str) else f"http-{status}"
        fields, candidates = problem.get("fields"), problem.get("candidates")
        self.fields: Mapping[str, str] = fields if isinstance(fields, dict) else {}
        self.candidates: Mapping[str, list[str]] = (
            candidates if isinstance(candidates, dict) else {}
        )
