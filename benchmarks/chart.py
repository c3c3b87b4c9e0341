"""The ratios as a picture: a panel for each job, a bar for each contender, on a logarithmic scale."""

import math
from collections.abc import Iterator
from html import escape
from typing import Final

from benchmarks.results import OURS, Results

COLUMNS: Final = 2
WIDTH: Final = 460
BAR: Final = 20
HEAD: Final = 40
LABELS: Final = 170
FIGURES: Final = 96
MARGIN: Final = 16

STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #57606a }
rect.paper { fill: #ffffff }
rect.ours { fill: #0a7d5a }
rect.other { fill: #9db2c6 }
line { stroke: #0a7d5a; stroke-dasharray: 3 3 }
"""


def to_svg(results: Results) -> str:
    names = [each.name for each in results.entrants if each.missing is None]
    titles = {each.name: each.title for each in results.entrants}
    panels = [(job, title) for job, title in results.jobs.items() if results.of(OURS, job)]
    panel_height = HEAD + BAR * len(names) + MARGIN
    ratios = [ratio for job, _ in panels for name in names if (ratio := results.ratio(name, job))]
    height = HEAD + panel_height * math.ceil(len(panels) / COLUMNS)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * COLUMNS} {height}" role="img">',
        f"<title>CPU for each request, in relation to this gateway</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH * COLUMNS}" height="{height}" rx="8"/>',
        _text(MARGIN, 26, "CPU for each request, in relation to this gateway (1 = dashed line); shorter is better", "title"),
    ]
    for index, (job, title) in enumerate(panels):
        x, y = WIDTH * (index % COLUMNS), HEAD + panel_height * (index // COLUMNS)
        drawn.append(_text(x + MARGIN, y + 24, title, "title"))
        drawn += _panel(results, job, {name: titles[name] for name in names}, x, y + HEAD, Scale(ratios))
    return "\n".join([*drawn, "</svg>"]) + "\n"


class Scale:
    """Ratio → length of a bar, over all panels."""

    def __init__(self, ratios: list[float]) -> None:
        # Bars begin at a power of ten below the smallest, so that each has a length.
        self._least = 10 ** math.floor(math.log10(min(ratios, default=1)) - 0.01)
        self._most = max(ratios, default=1)

    def length(self, ratio: float) -> float:
        room = WIDTH - LABELS - FIGURES - MARGIN
        return room * math.log(ratio / self._least) / math.log(max(self._most, 1) / self._least)


def _panel(results: Results, job: str, titles: dict[str, str], x: int, y: int, scale: Scale) -> Iterator[str]:
    left = x + LABELS
    for row, (name, title) in enumerate(titles.items()):
        top = y + BAR * row
        yield _text(left - 8, top + 14, title, "label", anchor="end")
        figures, ratio = results.of(name, job), results.ratio(name, job)
        if figures is None or ratio is None:
            yield _text(left + 4, top + 14, "–", "quiet")
            continue
        length = scale.length(ratio)
        kind = "ours" if name == OURS else "other"
        yield f'<rect class="{kind}" x="{left}" y="{top + 2}" width="{length:.1f}" height="{BAR - 5}" rx="2"/>'
        yield _text(left + length + 6, top + 14, f"{ratio:.2g}× {figures.cpu_ms:.2g} ms", "quiet")
    one = left + scale.length(1)
    yield f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{y}" y2="{y + BAR * len(titles)}"/>'


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
