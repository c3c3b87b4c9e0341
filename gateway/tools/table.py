"""Rows → text with aligned columns, for a terminal."""

from collections.abc import Iterable, Sequence


def to_table(rows: Iterable[Sequence[str]]) -> str:
    """A line a row. Every row has the same number of cells."""
    cells = list(rows)
    widths = [max(len(each) for each in column) for column in zip(*cells, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in cells
    )
