"""Points in time as the emulated Graph reads and writes them."""

import pytest

from gateway.emulator.instants import to_moment, to_text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-11-24T09:00:00", id="no offset"),
        pytest.param("2026-11-24", id="a date"),
        pytest.param("2026-11-24 09:00:00Z", id="a blank"),
        pytest.param("2026-02-29T09:00:00Z", id="no leap year"),
        pytest.param("2026-11-24T24:00:00Z", id="hour 24"),
        pytest.param("2026-11-24T09:00:00.Z", id="a point and no digit"),
        pytest.param("2026-11-24T09:00:00.1234567890123Z", id="thirteen digits"),
        pytest.param("2026-11-24T09:00:00+0100", id="an offset without colon"),
        pytest.param("2026-11-24T09:00:00+24:00", id="an offset of a day"),
        pytest.param("0001-01-01T00:00:00+01:00", id="before the first year"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after the last year"),
        pytest.param("٢٠٢٦-11-24T09:00:00Z", id="digits of another script"),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Only OData's own form, of moments that exist, is read."""
    with pytest.raises(ValueError, match=r"^not an Edm.DateTimeOffset$"):
        to_moment(text)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param("2026-11-24T09:00:00.0000001Z", "2026-11-24T09:00:00.0000002Z", id="the seventh digit"),
        pytest.param(
            "2026-11-24T09:00:00.000000000001Z", "2026-11-24T09:00:00.1Z", id="digits by place, not by number"
        ),
        pytest.param("2026-11-24T09:00Z", "2026-11-24T09:00:00.5Z", id="no seconds"),
        pytest.param("2026-11-24T10:00:00+02:00", "2026-11-24T09:00:00Z", id="offsets"),
    ],
)
def test_moments_are_in_order(earlier: str, later: str) -> None:
    """To the twelfth digit, wherever on Earth."""
    assert to_moment(earlier) < to_moment(later)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("2026-11-24T09:00:00.5Z", "2026-11-24T10:00:00.5+01:00", id="offset"),
        pytest.param("2026-11-24T09:00:00.5Z", "2026-11-24T09:00:00.500Z", id="trailing zeros"),
        pytest.param("2026-11-24T09:00:00.5Z", "2026-11-24t09:00:00.5z", id="case"),
        pytest.param("2026-11-24T09:00Z", "2026-11-24T09:00:00.0Z", id="seconds that are none"),
    ],
)
def test_one_moment_has_many_names(one: str, other: str) -> None:
    """Ways of writing are not parts of the moment."""
    assert to_moment(one) == to_moment(other)


def test_moments_are_written_in_utc_with_seven_digits() -> None:
    """As Graph writes them."""
    assert to_text(1_800_000_000.25) == "2027-01-15T08:00:00.2500000Z"
