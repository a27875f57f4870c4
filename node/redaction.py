"""Logs: only named keys with harmless values pass. Everything else is replaced, tracebacks too.

An allow-list, because a deny-list forgets: what is not known to be safe is not written. Log events
are constant texts (`pull-failed`), never built from data; facts go in the keys below.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO, TypeGuard

import structlog

FIGURES: Final = frozenset(
    {
        "applied",
        "count",
        "epoch",
        "generation",
        "index",
        "milliseconds",
        "port",
        "seconds",
        "size",
        "status",
    }
)
"""Keys whose values are small numbers."""

WORDS: Final = frozenset(
    {
        "code",
        "custodian",
        "job",
        "level",
        "logger",
        "member",
        "method",
        "origin",
        "peer",
        "problem",
        "revision",
        "version",
    }
)
"""Keys whose values are codes, or ids of associations: never anything that a person typed.

Add a key to either list only if its values can never be a person's data.
"""

REDACTED: Final = "[redacted]"

# Codes, association ids, times, versions. Too short and too plain for a number, a name or a text:
# a run of digits long enough to be a phone number is refused, whatever the key.
_WORD: Final = re.compile(r"[a-z0-9](?:[a-z0-9.:_-]{0,62}[a-z0-9])?", re.IGNORECASE)
_LONG_DIGITS: Final = re.compile(r"[0-9](?:[.:_-]?[0-9]){6}")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_EVENT: Final = re.compile(r"[a-z]+(?:-[a-z]+){0,7}")
_LARGEST: Final = 10_000_000
"""No figure that is logged is larger, and a phone number without its first zero is."""

Event = MutableMapping[str, Any]


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Structlog processor: keep what is known to be safe, and the place of an exception."""
    kept: Event = {"event": _safe_event(event.get("event"))}
    for key, value in event.items():
        match key:
            case "event":
                pass
            case "exc_info":
                kept["exception"] = place_of(value)
            case "timestamp":
                kept[key] = value if _is_timestamp(value) else REDACTED
            case _ if key in FIGURES:
                kept[key] = value if _is_figure(value) else REDACTED
            case _ if key in WORDS:
                kept[key] = str(value) if _is_word(value) else REDACTED
            case _:
                # Not even the key: a caller may have built it from data.
                kept["redacted"] = kept.get("redacted", 0) + 1
    return kept


def place_of(exc_info: object) -> list[str]:
    """Return where an exception happened: types, modules, lines, functions; no message, no value.

    Args:
        exc_info: an exception, `sys.exc_info()`'s triple, or True for the one being handled.
    """
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    places: list[str] = []
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        code = getattr(type(error), "code", None)
        places.append(type(error).__qualname__ + (f" ({code})" if isinstance(code, str) else ""))
        places.extend(_frames(error.__traceback__))
        error = error.__cause__ or error.__context__
    return places


def configure_logging(stream: TextIO, *, debug: bool = False) -> None:
    """Send every log line of this process, the libraries' too, through `redact` to `stream`.

    Args:
        stream: usually standard error; the service manager keeps it.
        debug: also lines of level debug of our own.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if debug else logging.INFO
        ),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = LibraryHandler()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "httpx"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = name != "uvicorn.access"  # an access log is a list of who asked what
    # Warnings and uncaught exceptions show values too.
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


class LibraryHandler(logging.Handler):
    """Turns a library's record into one of ours: its name, its level, where it failed; no text.

    A library's message is made of whatever it was given.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log that `record` was emitted."""
        facts: Mapping[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(record.levelno, "library-message", logger=record.name, **facts)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("uncaught", exc_info=error)


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]


def _safe_event(event: object) -> str:
    return event if _is_word(event) and _EVENT.fullmatch(str(event)) else REDACTED


def _is_figure(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) < _LARGEST)


def _is_word(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and _WORD.fullmatch(value) is not None
        and _LONG_DIGITS.search(value) is None
    )


def _is_timestamp(value: object) -> bool:
    return isinstance(value, str) and _TIMESTAMP.fullmatch(value) is not None
