"""What a process and its children cost, from /proc.

https://man7.org/linux/man-pages/man5/proc.5.html
"""

import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
IDLE: Final = slice(3, 5)
"""Of the figures in `/proc/stat`: idle and waiting for I/O."""
GUESTS: Final = 8
"""How many figures there are before those that are counted twice."""


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for each in found:
        for children in (PROC / str(each) / "task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # it has just ended
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree so far."""
    return sum(to_cpu_seconds((PROC / str(each) / "stat").read_text()) for each in tree(pid))


def to_cpu_seconds(stat: str) -> float:
    # The name, in parentheses, may have spaces: user and system time are the 12th and 13th figures behind it.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def rss_mb(pid: int) -> float:
    """Memory of the tree that is in RAM."""
    pages = sum(int((PROC / str(each) / "statm").read_text().split()[1]) for each in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def busy_seconds() -> float:
    """Time that all cores together were not idle, whoever used them."""
    return to_busy_seconds((PROC / "stat").read_text())


def to_busy_seconds(stat: str) -> float:
    figures = [int(each) for each in stat.partition("\n")[0].split()[1 : 1 + GUESTS]]
    return (sum(figures) - sum(figures[IDLE])) / TICKS_A_SECOND
