"""Points in time as Microsoft Graph and its callers write them: RFC 3339 text with an offset.

https://www.rfc-editor.org/rfc/rfc3339#section-5.6
"""

import re
from datetime import UTC, datetime

Instant = tuple[datetime, str]
"""Whole seconds in UTC and the fraction's digits without trailing zeros: compares exactly, at any precision."""

_SHAPE = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,12}))?"
    # Python would take an offset of 99 minutes.
    r"(?P<offset>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


def to_instant(text: str) -> Instant:
    """The moment that the text names; `ValueError` if it is no RFC 3339 date-time or its offset is missing."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(
            "not a date and time with an offset, such as 2026-11-24T09:30:00Z or 2026-11-24T10:30:00+01:00"
        )
    try:
        moment = datetime.fromisoformat((match["seconds"] + match["offset"]).upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"no such date and time: {error}") from None
    return moment, (match["fraction"] or "").rstrip("0")
