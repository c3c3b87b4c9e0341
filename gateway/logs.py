"""How log lines look: JSON for machines, one readable line for people. Both keep foreign text on its own line."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, the record's `fields`, and the trace of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        with suppress(orjson.JSONEncodeError):  # half a surrogate pair, or a number of more than 64 bits
            text = orjson.dumps(line, default=str)
            if text.isascii():
                return text.decode()
        # What is not ASCII could end a line or speak to a terminal: `json`, which is slower, escapes it.
        return json.dumps(line, default=str, separators=(",", ":"))


class TextFormatter(logging.Formatter):
    """Time, level, message, then `name=value`; a value that is not plain is quoted as JSON. Traces are indented."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        told = " ".join(f"{name}={_shown(value)}" for name, value in _fields(record).items())
        line = f"{time} {record.levelname.lower():7} {_one_line(record.getMessage())} {told}".rstrip()
        trace = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join([line, *(f"  {_one_line(each)}" for each in trace)])


def configure_logging(*, style: Literal["auto", "text", "json"], level: str, stream: TextIO) -> None:
    """Sends all logging of this process to the stream. `auto` is text on a terminal and JSON elsewhere."""
    is_text = style == "text" or (style == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if is_text else JsonFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("httpx", "httpcore", "msal", "urllib3"):
        # Their lines name URLs and, at debug level, bodies with tokens.
        logging.getLogger(chatty).setLevel(logging.WARNING)

    # Neither formatter tells of thread, process or place in the code, so they need not be found out for each line:
    # https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - as that page says

    # It repeats a caller's malformed `tracestate`.
    logging.getLogger("opentelemetry.trace").setLevel(logging.ERROR)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _shown(value: object) -> str:
    text = str(value)
    is_plain = text.isprintable() and text.isascii() and not any(each in text for each in ' "=')
    return text if is_plain and not isinstance(value, (list, dict)) else json.dumps(value, default=str)
