"""The fault table of docs/reliability.md is what happens, and keeps what it promises."""

from gateway.emulator.faults import Refuse
from tests.fault_table import BEGIN, END, FAULTS, KINDS, PAGE, Row, find_rows, to_markdown

RETRYABLE = {"`UPSTREAM_UNAVAILABLE`", "`THROTTLED`", "`DEADLINE_EXCEEDED`"}
WRITES = {"POST", "PATCH", "DELETE"}


def told() -> str:
    """The page's table."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return rest.partition(END)[0]


def rows() -> list[Row]:
    """The same, row by row."""
    found, kind = [], ""
    for line in told().splitlines():
        kind = line.removeprefix("### ") if line.startswith("### ") else kind
        cells = line.strip("| ").split(" | ")
        if cells[0] in FAULTS:
            fault, seen, received, done, *again = cells
            calls = [each.rpartition(" × ") for each in received.split(", ")]
            methods = [method for count, _, method in calls for _ in range(int(count or 1)) if method != "nothing"]
            found.append(Row(kind, fault, seen, tuple(methods), done, again[0] if again else None))
    return found


async def test_the_page_is_what_happens() -> None:
    """Each row, letter for letter; `make reliability` writes them anew, which takes seconds as this does."""
    assert told() == to_markdown(await find_rows())


def test_the_page_has_each_fault_at_each_operation() -> None:
    """What follows is about all of them."""
    assert [(row.kind, row.fault) for row in rows()] == [(kind, fault) for kind in KINDS for fault in FAULTS]


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
