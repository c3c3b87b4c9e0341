"""Log lines, for machines and for people: foreign text stays on its own line, and nothing is lost."""

import io
import json
import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest

from gateway.logs import JsonFormatter, TextFormatter, configure_logging

NASTY = 'a\nb\r\x1b[31m\u2028"c"\x00é'
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def record(message: str, *arguments: object, exc_info: ExcInfo | None = None, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("gateway", logging.WARNING, "file.py", 1, message, arguments, exc_info)
    made.created = 1_800_000_000.25
    if fields:
        made.fields = fields
    return made


def caught(failure: Exception) -> ExcInfo:
    with pytest.raises(type(failure)) as raised:
        raise failure
    return raised.type, raised.value, raised.tb


# JSON


def test_a_json_line_has_time_level_message_and_fields() -> None:
    """Times are UTC with milliseconds; fields stand beside."""
    line = JsonFormatter().format(record("after %d tries", 3, code="OK", graph_calls=2, ids=["a"]))
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "warning",
        "message": "after 3 tries",
        "code": "OK",
        "graph_calls": 2,
        "ids": ["a"],
    }


def test_a_json_line_is_one_line_of_ascii_whatever_is_in_it() -> None:
    """No text can begin another line, or speak to a terminal."""
    line = JsonFormatter().format(record(NASTY, value=NASTY, other=RuntimeError(NASTY)))
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert (told["message"], told["value"], told["other"]) == (NASTY, NASTY, NASTY)


def test_a_json_line_carries_the_trace() -> None:
    """On the same line, causes included."""
    failure = ValueError(f"outer {NASTY}")
    failure.__cause__ = KeyError("inner")
    line = JsonFormatter().format(record("unforeseen", exc_info=caught(failure)))
    assert line.isprintable()
    trace = json.loads(line)["trace"]
    assert "KeyError: 'inner'" in trace
    assert f"ValueError: outer {NASTY}" in trace


# Text


def test_a_text_line_has_time_level_message_and_fields() -> None:
    """The time is the reader's own; plain values are bare."""
    text = TextFormatter().format(record("operation", code="OK", graph_calls=2, ok=True))
    time, rest = text[:8], text[8:]
    assert [part.isdigit() for part in time.split(":")] == [True] * 3
    assert rest == " warning operation code=OK graph_calls=2 ok=True"
    assert TextFormatter().format(record("alone"))[8:] == " warning alone"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("plain-1.5_x:/", "plain-1.5_x:/", id="plain"),
        pytest.param("two words", '"two words"', id="a space"),
        pytest.param('say "hi"', '"say \\"hi\\""', id="quotes"),
        pytest.param("a=b", '"a=b"', id="an equals sign"),
        pytest.param("a\nlevel=error", '"a\\nlevel=error"', id="a line break"),
        pytest.param("\x1b[31m", '"\\u001b[31m"', id="a terminal's code"),
        pytest.param("é\u202e", '"\\u00e9\\u202e"', id="text that runs the other way"),
        pytest.param("", "", id="empty"),
        pytest.param(None, "None", id="null"),
        pytest.param(["a", 1], '["a", 1]', id="a list"),
        pytest.param(["a"], '["a"]', id="a list of one"),
        pytest.param("é", '"\\u00e9"', id="not ASCII"),
        pytest.param({"a": [1]}, '{"a": [1]}', id="an object"),
        pytest.param([RuntimeError("x y")], '["x y"]', id="what JSON does not know"),
    ],
)
def test_a_value_that_is_not_plain_is_quoted(value: object, shown: str) -> None:
    """So that nobody's text passes for a field of ours."""
    assert TextFormatter().format(record("m", value=value))[8:] == f" warning m value={shown}"


def test_a_message_stays_on_its_line() -> None:
    """What cannot be printed becomes a space."""
    assert TextFormatter().format(record("%s!", NASTY))[8:] == ' warning a b  [31m "c" é!'


def test_a_trace_follows_its_text_line_indented() -> None:
    """People read it as Python writes it, and nothing in it passes for a line of the log."""
    failure = ValueError("x\n08:00:00 info    operation code=OK\x1b[2J")
    first, *trace = TextFormatter().format(record("unforeseen", exc_info=caught(failure))).splitlines()
    assert first.endswith(" warning unforeseen")
    assert trace[0] == "  Traceback (most recent call last):"
    assert trace[-2:] == ["  ValueError: x", "  08:00:00 info    operation code=OK [2J"]
    assert all(line.startswith("  ") and line.isprintable() for line in trace)


# Where lines go


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    chatty = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "msal", "urllib3")}
    handlers, level = logger.handlers[:], logger.level
    logger.handlers = []
    yield logger
    logger.handlers, logger.level = handlers, level
    for name, before in chatty.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize(
    ("style", "stream", "is_json"),
    [
        ("json", io.StringIO(), True),
        ("json", Terminal(), True),
        ("text", io.StringIO(), False),
        ("text", Terminal(), False),
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
    ],
    ids=["JSON", "JSON on a terminal", "text", "text on a terminal", "auto", "auto on a terminal"],
)
def test_the_format_is_the_one_that_was_chosen(
    root: logging.Logger, style: Any, stream: io.StringIO, is_json: bool
) -> None:
    """`auto` is text for people and JSON for whatever collects it."""
    configure_logging(style=style, level="info", stream=stream)
    root.info("here")
    assert stream.getvalue().startswith("{") is is_json
    assert "here" in stream.getvalue()


def test_the_level_is_the_least_severe_that_is_logged(root: logging.Logger) -> None:
    """Nothing below it comes out."""
    stream = io.StringIO()
    configure_logging(style="json", level="warning", stream=stream)
    root.info("no")
    root.warning("yes")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["yes"]


@pytest.mark.parametrize("name", ["httpx", "httpcore", "httpcore.http11", "msal.application", "urllib3.connectionpool"])
def test_libraries_that_tell_urls_and_tokens_are_quiet(root: logging.Logger, name: str) -> None:
    """Even where everything of ours is logged."""
    stream = io.StringIO()
    configure_logging(style="json", level="debug", stream=stream)
    logging.getLogger(name).info("GET https://graph.microsoft.com/…/an-id")
    logging.getLogger(name).warning("trouble")
    root.debug("ours")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["trouble", "ours"]
