"""The fault table of docs/reliability.md is what happens, and keeps what it promises."""

import asyncio
import functools

from gateway.emulator.faults import Refuse
from tests.fault_table import BEGIN, END, FAULTS, PAGE, Row, find_rows, to_markdown

RETRYABLE = {"`UPSTREAM_UNAVAILABLE`", "`THROTTLED`", "`DEADLINE_EXCEEDED`"}
WRITES = {"POST", "PATCH", "DELETE"}


@functools.cache
def rows() -> tuple[Row, ...]:
    return tuple(asyncio.run(find_rows()))


def test_the_page_is_what_happens() -> None:
    """Each row, letter for letter; `make reliability` writes them anew."""
    text = PAGE.read_text(encoding="utf-8")
    _, _, rest = text.partition(BEGIN)
    told, _, _ = rest.partition(END)
    assert told == to_markdown(list(rows()))


def test_a_write_is_sent_once() -> None:
    """Unless Graph refused it as throttled, or has no `$batch`."""
    for row in rows():
        fault = FAULTS[row.fault].fault
        has_batch = not row.kind.startswith("Bulk") or row.fault != "404"
        repeatable = (isinstance(fault, Refuse) and fault.status == 429) or not has_batch
        assert len(WRITES & set(row.received)) <= 1, row
        assert sum(each in WRITES for each in row.received) <= (2 if repeatable else 1), row


def test_what_may_be_sent_again_has_changed_nothing() -> None:
    """And what was done is never told as if it were not."""
    for row in rows():
        if row.seen in RETRYABLE:
            assert row.done == "nothing", row
        if row.done != "nothing":
            assert row.seen.startswith(("the object", "its id", "`OUTCOME_UNKNOWN`")), row


def test_a_key_makes_good_what_was_done() -> None:
    """Sent again it is the same object, or created then for the first time; it is unknown only if nothing was done."""
    keyed = [row for row in rows() if row.again]
    assert len(keyed) == len(FAULTS)
    for row in keyed:
        expected = {"the same object"} if row.done == "created" else {"it is created then", "`OUTCOME_UNKNOWN`"}
        assert row.again in expected, row
