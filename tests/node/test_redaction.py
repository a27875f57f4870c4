import asyncio
import io
import json
import logging
import sys
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import SealError
from crypto.values import SymmetricKey
from node.errors import StorageError
from node.redaction import FIGURES, REDACTED, WORDS, configure_logging, place_of

NUMBER = "+33639980123"
STORY = "Il m'a suivie jusqu'à la gare."
KEY = bytes(range(32))
SECRETS = (
    NUMBER,
    "0639980123",
    "06 39 98 01 23",
    "639980123",
    "suivie",
    KEY.hex(),
    "hunter2hunter2",
    "Bearer abc",
)


@pytest.fixture
def output() -> io.StringIO:
    stream = io.StringIO()
    configure_logging(stream, debug=True)
    return stream


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def assert_clean(output: io.StringIO) -> None:
    text = output.getvalue()
    assert text
    assert [secret for secret in SECRETS if secret in text] == []


def test_what_is_known_to_be_safe_passes(output: io.StringIO) -> None:
    structlog.get_logger().warning("pull-failed", peer="les-amis", code="unreachable", count=3)
    (line,) = lines(output)
    assert line["timestamp"].startswith("20")
    del line["timestamp"]
    assert line == {
        "event": "pull-failed",
        "level": "warning",
        "peer": "les-amis",
        "code": "unreachable",
        "count": 3,
    }


NOT_WORDS: tuple[object, ...] = (
    *(secret for secret in SECRETS if secret not in {"suivie", "hunter2hunter2"}),
    STORY,
    KEY,
    SymmetricKey(KEY),
    33639980123,
    {"number": NUMBER},
    [NUMBER],
    ("code", NUMBER),
    StorageError(NUMBER),
    "06.39.98.01.23",
    "06-39-98-01-23",
    "x" * 65,
    "two\nlines",
)


@pytest.mark.parametrize("value", NOT_WORDS)
def test_only_words_pass_where_words_are_meant(output: io.StringIO, value: object) -> None:
    log = structlog.get_logger()
    log.error("failed", **dict.fromkeys(WORDS - {"level"}, value))
    log.error(value)
    log.error("failed", timestamp=value)
    first, second, third = lines(output)
    assert {first[key] for key in WORDS - {"level"}} == {REDACTED}
    assert second["event"] == REDACTED
    assert third["timestamp"][:2] == "20"
    assert_clean(output)


@pytest.mark.parametrize("value", [*SECRETS, *NOT_WORDS, 639980123, -639980123, 639980123.0, True])
def test_only_small_numbers_pass_where_figures_are_meant(
    output: io.StringIO, value: object
) -> None:
    structlog.get_logger().error("failed", **dict.fromkeys(FIGURES, value))
    (line,) = lines(output)
    assert {line[key] for key in FIGURES} == {True if value is True else REDACTED}
    assert_clean(output)


@pytest.mark.parametrize("value", [*SECRETS, *NOT_WORDS, 1, None])
def test_nothing_passes_under_another_key(output: io.StringIO, value: object) -> None:
    structlog.get_logger().error("failed", number=value, narrative=value, **{str(value): 1})
    (line,) = lines(output)
    assert line.keys() == {"event", "level", "timestamp", "redacted"}
    assert line["redacted"] == 3
    assert_clean(output)


@given(digits=st.text("0123456789 .-+()", min_size=7, max_size=20))
def test_no_spelling_of_a_number_passes(digits: str) -> None:
    stream = io.StringIO()
    configure_logging(stream)
    structlog.get_logger().error("failed", code=digits)
    logging.getLogger().handlers.clear()
    structlog.reset_defaults()
    if sum(character.isdigit() for character in digits) >= 7:
        assert json.loads(stream.getvalue())["code"] == REDACTED


def raise_with_secrets(number: str, story: str) -> None:
    try:
        fail_with(SealError(f"cannot open {number} {story} {KEY.hex()}"))
    except SealError as error:
        raise StorageError(number) from error


def fail_with(error: Exception) -> None:
    raise error


def test_a_traceback_says_where_and_nothing_more(output: io.StringIO) -> None:
    try:
        raise_with_secrets(NUMBER, STORY)
    except StorageError:
        structlog.get_logger().exception("job-failed", job="publish")
    (line,) = lines(output)
    places = line["exception"]
    assert places[0] == "StorageError (storage)"
    assert any("raise_with_secrets" in place for place in places)
    assert "SealError (seal)" in places
    assert_clean(output)


def test_a_loop_of_causes_ends() -> None:
    first, second = ValueError(NUMBER), ValueError(NUMBER)
    first.__cause__, second.__cause__ = second, first
    assert place_of(first) == ["ValueError", "ValueError"]
    assert place_of((None, None, None)) == []


@pytest.mark.parametrize("name", ["uvicorn.error", "httpx", "sqlalchemy.engine", "py.warnings"])
def test_a_library_says_that_it_spoke_not_what(output: io.StringIO, name: str) -> None:
    try:
        fail_with(ValueError(NUMBER))
    except ValueError:
        logging.getLogger(name).exception("POST /lookups?text=%s %s", NUMBER, STORY)
    (line,) = lines(output)
    assert (line["event"], line["logger"], line["level"]) == ("library-message", name, "error")
    assert line["exception"][0] == "ValueError"
    assert_clean(output)


def test_there_is_no_access_log(output: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").error("GET /%s", NUMBER)
    logging.getLogger("httpx").info("HTTP Request: GET /%s", NUMBER)
    assert output.getvalue() == ""


def test_an_uncaught_exception_shows_no_values(output: io.StringIO) -> None:
    try:
        raise_with_secrets(NUMBER, STORY)
    except StorageError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    (line,) = lines(output)
    assert line["event"] == "uncaught"
    assert_clean(output)


def test_ctrl_c_is_left_to_python(output: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert output.getvalue() == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_a_failed_task_that_nobody_awaited_shows_no_values(output: io.StringIO) -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"Task for {NUMBER} failed", "exception": ValueError(STORY)}
        )

    asyncio.run(main())
    assert_clean(output)
