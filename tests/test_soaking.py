"""What `make soak` stands on: the ledger of writes, slopes that outliers do not move, bounds that can fail."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.soak.bounds import Bound, Window, growth, of_caches, of_drift, of_process, slope
from tests.soak.ledger import Ledger
from tests.soak.load import Heard
from tests.soak.report import Soak, to_markdown
from tests.soak.watch import Sample

IDLE = Sample(0.0, 80_000_000, 20, 4, {"documents": 0}, 0, 0.0, 0.001)


def samples(bytes_per_second: float, seconds: int = 60) -> list[Sample]:
    return [
        replace(IDLE, moment=float(second), memory_bytes=80_000_000 + int(bytes_per_second * second))
        for second in range(seconds)
    ]


@pytest.fixture
def ledger() -> Ledger:
    """One create of each fate, in the order created, unknown, hung up, refused."""
    ledger = Ledger()
    created, unknown, _, refused = (ledger.name() for _ in range(4))
    ledger.tell(created, {"id": "k-1"}, None)
    ledger.tell(unknown, None, "OUTCOME_UNKNOWN")
    ledger.tell(refused, None, "THROTTLED")
    return ledger


@pytest.mark.parametrize("found", [["soak-0"], ["soak-0", "soak-1", "Gold support"], ["soak-2", "soak-0"]])
def test_an_unknown_outcome_may_be_either(ledger: Ledger, found: list[str]) -> None:
    """Of all others the emulator has exactly what callers heard."""
    assert ledger.differences(found) == []
    assert ledger.totals == {"acknowledged": 1, "unknown": 2, "refused": 1}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], "soak-0 was acknowledged and is not there"),
        (["soak-0", "soak-0"], "soak-0 is there 2 times"),
        (["soak-0", "soak-3"], "soak-3 was refused and is there"),
        (["soak-0", "soak-9"], "soak-9 was never asked for"),
    ],
)
def test_a_write_that_is_lost_or_doubled_is_told(ledger: Ledger, found: list[str], told: str) -> None:
    """By the name of the object."""
    assert ledger.differences(found) == [told]


def test_outliers_do_not_move_a_slope() -> None:
    """A third of the points may be anywhere."""
    points = [(float(x), 3.0 * x) for x in range(100)]
    points[40:60] = [(float(x), 1e9) for x in range(40, 60)]
    assert slope(points) == pytest.approx(3)


@pytest.mark.parametrize(("bytes_per_operation", "holds"), [(0, True), (30, True), (6000, False)])
def test_a_leak_breaks_a_bound(bytes_per_operation: int, *, holds: bool) -> None:
    """What is left by each operation is told from what settles."""
    during = samples(bytes_per_operation * 100)
    [memory, *others] = of_process(IDLE, during, IDLE, operations=6000)
    assert memory.holds is holds
    assert growth(during) == pytest.approx(bytes_per_operation * 100 * 39)
    assert all(each.holds for each in others)


def test_what_stays_open_breaks_a_bound() -> None:
    """Descriptors, threads, operations, entries beyond a cache's setting."""
    during = samples(0)
    during[50] = replace(during[50], threads=9, caches={"documents": 11})
    after = replace(IDLE, descriptors=30, running=1)
    broken = [each.title for each in of_process(IDLE, during, after, operations=10) if not each.holds]
    assert broken == [
        "Descriptors once the load is over",
        "Threads in the last third",
        "Operations in flight once the load is over",
    ]
    assert [each.holds for each in of_caches(during, {"documents": 10})] == [False]


def test_drift_is_the_gateways_own() -> None:
    """Where the emulator got slower too, the machine is busy."""
    first, last = Window(100, 0.001, 0.01, 0.1, 0.001), Window(100, 0.002, 0.02, 0.2, 0.001)
    assert [each.figure for each in of_drift(first, last)] == [2, 2, 2]
    assert [each.figure for each in of_drift(first, replace(last, probe=0.002))] == [2, 1, 1]
    assert [each.figure for each in of_drift(first, replace(last, probe=0.0005))] == [2, 2, 2]


def test_a_report_says_what_did_not_hold(ledger: Ledger) -> None:
    """In its first line, and in the bound's own."""
    heard = Heard(Counter({("get", "OK"): 2, ("get", "THROTTLED"): 1}), [(float(each), 0.01) for each in range(60)])
    seen = Soak(7, 0.0, 60.0, samples(0), heard, ledger, [Bound("Threads", 4, 5)], [])
    assert to_markdown(seen).startswith(
        "# A soak of 1.0 minutes: all bounds hold\n\n60 answers, 1 a second. SOAK_SEED=7"
    )
    assert "| get | 2 OK, 1 THROTTLED |" in to_markdown(seen)
    for broken in (replace(seen, bounds=[Bound("Threads", 6, 5)]), replace(seen, wrong=["a trace"])):
        assert to_markdown(broken).startswith("# A soak of 1.0 minutes: FAILED")
    assert "| Threads | 6 | 5 | **FAILED** |" in to_markdown(replace(seen, bounds=[Bound("Threads", 6, 5)]))
