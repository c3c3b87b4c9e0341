"""Dates and times, compared exactly."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.instants import to_instant

NO_SHAPE = "not a date and time with an offset, such as 2026-11-24T09:30:00Z or 2026-11-24T10:30:00+01:00"
NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=OFFSETS)  # noqa: DTZ001


def _text(moment: datetime) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds()) // 60
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}{offset}"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2026-11-24T12:00:00Z", (NOON, ""), id="UTC"),
        pytest.param("2026-11-24t12:00:00z", (NOON, ""), id="small letters"),
        pytest.param("2026-11-24T12:00:00+00:00", (NOON, ""), id="zero offset"),
        pytest.param("2026-11-24T12:00:00-00:00", (NOON, ""), id="unknown local offset"),
        pytest.param("2026-11-24T13:30:00+01:30", (NOON, ""), id="east"),
        pytest.param("2026-11-23T22:00:00-14:00", (NOON, ""), id="west, the day before"),
        pytest.param("2026-11-24T12:00:00.0000000Z", (NOON, ""), id="a fraction of nothing"),
        pytest.param("2026-11-24T12:00:00.1200000Z", (NOON, "12"), id="trailing zeros"),
        pytest.param("2026-11-24T12:00:00.0001234Z", (NOON, "0001234"), id="seven digits"),
        pytest.param("2026-11-24T12:00:00.123456789012Z", (NOON, "123456789012"), id="twelve digits"),
        pytest.param("0001-01-01T00:00:00Z", (datetime(1, 1, 1, tzinfo=UTC), ""), id="the earliest"),
        pytest.param("9999-12-31T23:59:59Z", (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), ""), id="the latest"),
    ],
)
def test_a_moment_is_read_exactly(text: str, instant: tuple[datetime, str]) -> None:
    """Every form of RFC 3339 names its moment in UTC, with all digits of its fraction."""
    assert to_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("2026-11-24", id="date only"),
        pytest.param("2026-11-24T12:00:00", id="no offset"),
        pytest.param("2026-11-24 12:00:00Z", id="space for T"),
        pytest.param("2026-11-24T12:00Z", id="no seconds"),
        pytest.param("2026-11-24T12:00:00.Z", id="point without digits"),
        pytest.param("2026-11-24T12:00:00,5Z", id="comma"),
        pytest.param("2026-11-24T12:00:00.1234567890123Z", id="thirteen digits"),
        pytest.param("2026-11-24T12:00:00+0100", id="offset without colon"),
        pytest.param("2026-11-24T12:00:00+01", id="offset without minutes"),
        pytest.param("2026-11-24T12:00:00Z\n", id="line break behind"),
        pytest.param(" 2026-11-24T12:00:00Z", id="space before"),
        pytest.param("2026-11-24T12:00:00Z or 1 eq 1", id="more behind"),
        pytest.param("٢٠٢٦-11-24T12:00:00Z", id="digits of another script"),
        pytest.param("12026-11-24T12:00:00Z", id="five-digit year"),
        pytest.param("20261124T120000Z", id="basic form"),
        pytest.param("2026-11-24T12:00:00+24:00", id="offset of a day"),
        pytest.param("2026-11-24T12:00:00+00:60", id="offset of sixty minutes"),
        pytest.param("2026-11-24T12:00:00-01:99", id="offset of ninety-nine minutes"),
    ],
)
def test_text_that_is_no_date_and_time_is_refused(text: str) -> None:
    """The refusal says what a date and time looks like."""
    with pytest.raises(ValueError, match=f"^{re.escape(NO_SHAPE)}$"):
        to_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-02-29T12:00:00Z", id="no leap year"),
        pytest.param("2026-13-01T12:00:00Z", id="month"),
        pytest.param("2026-11-24T25:00:00Z", id="hour"),
        pytest.param("2026-11-24T12:60:00Z", id="minute"),
        pytest.param("2026-11-24T12:00:60Z", id="leap second"),
        pytest.param("0000-11-24T12:00:00Z", id="year zero"),
        pytest.param("0001-01-01T00:00:00+01:00", id="before the earliest"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after the latest"),
    ],
)
def test_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    """The right shape is not enough."""
    with pytest.raises(ValueError, match=r"^no such date and time: "):
        to_instant(text)


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_instants_compare_as_moments_do(one: datetime, other: datetime) -> None:
    """Order and equality are those of the moments, whatever the offsets and however many digits."""
    left, right = to_instant(_text(one)), to_instant(_text(other))
    assert (left < right, left == right) == (one < other, one == other)


@settings(deadline=None)
@given(MOMENTS, OFFSETS, st.text("0123456789", max_size=12), st.integers(0, 3))
def test_the_same_moment_is_the_same_instant(
    moment: datetime, offset: timezone, fraction: str, zero_count: int
) -> None:
    """Offset and trailing zeros are ways of writing, not parts of the moment."""
    whole = moment.replace(microsecond=0)

    def written(zone: datetime, digits: str) -> str:
        text = _text(zone)
        return f"{text[:19]}{'.' if digits else ''}{digits}{text[26:]}"

    longer = (fraction + "0" * zero_count)[:12]
    assert to_instant(written(whole, fraction)) == to_instant(written(whole.astimezone(offset), longer))
