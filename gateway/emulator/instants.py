"""Edm.DateTimeOffset: text to and from a value that compares.

https://docs.oasis-open.org/odata/odata/v4.01/os/abnf/odata-abnf-construction-rules.txt (dateTimeOffsetValue)
"""

import re
from datetime import UTC, datetime

PATTERN = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d)"

_SHAPE = re.compile(PATTERN, re.ASCII | re.IGNORECASE)
_FRACTION = re.compile(r"\.(\d+)")

Moment = tuple[datetime, str]
"""Whole seconds in UTC, and the digits of the fraction without trailing zeros."""


def to_moment(text: str) -> Moment:
    """Raises `ValueError` if the text is no Edm.DateTimeOffset."""
    if not _SHAPE.fullmatch(text):
        raise ValueError("not an Edm.DateTimeOffset")
    fraction = _FRACTION.search(text)
    try:
        seconds = datetime.fromisoformat(_FRACTION.sub("", text.upper())).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("not an Edm.DateTimeOffset") from None
    return seconds, fraction[1].rstrip("0") if fraction else ""


def to_text(seconds: float) -> str:
    """Seconds since 1970 as Graph writes them: UTC with seven fractional digits."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
