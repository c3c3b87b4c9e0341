"""The ratios as a picture: a panel for each job, a bar for each contender, on a logarithmic scale."""

import math
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from benchmarks.report import NOTHING, short
from benchmarks.results import OURS, Results

TITLE: Final = "CPU for each request, in relation to this gateway"
COLUMNS: Final = 2
WIDTH: Final = 500
BAR: Final = 20
HEAD: Final = 40
LABELS: Final = 200
FIGURES: Final = 120
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
    titles = {each.name: each.title for each in results.entrants if each.missing is None}
    panels = {job: title for job, title in results.jobs.items() if results.of(OURS, job)}
    scale = Scale([ratio for job in panels for name in titles if (ratio := results.ratio(name, job))])
    panel_height = HEAD + BAR * len(titles) + MARGIN
    width, height = WIDTH * COLUMNS, HEAD + panel_height * math.ceil(len(panels) / COLUMNS)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{TITLE}</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
        _text(MARGIN, 26, f"{TITLE}: shorter is better, the dashed line is 1, the scale is logarithmic", "quiet"),
    ]
    for index, (job, title) in enumerate(panels.items()):
        x, y = WIDTH * (index % COLUMNS), HEAD + panel_height * (index // COLUMNS)
        drawn.append(_text(x + MARGIN, y + 24, title, "title"))
        bars = _bars(results, job, titles, scale)
        drawn.append(f'<g transform="translate({x + LABELS} {y + HEAD})">{"".join(bars)}</g>')
    return "\n".join([*drawn, "</svg>"]) + "\n"


class Scale:
    """Ratio → length of a bar, the same in all panels."""

    def __init__(self, ratios: list[float]) -> None:
        # Bars begin at a power of ten below the smallest, so that each has a length.
        self._least = 10 ** math.floor(math.log10(min(ratios, default=1)) - 0.01)
        self._most = max([*ratios, 1])

    def length(self, ratio: float) -> float:
        room = WIDTH - LABELS - FIGURES - MARGIN
        return room * math.log(ratio / self._least) / math.log(self._most / self._least)


def _bars(results: Results, job: str, titles: Mapping[str, str], scale: Scale) -> Iterator[str]:
    right = WIDTH - LABELS - MARGIN
    for row, (name, title) in enumerate(titles.items()):
        top = BAR * row
        yield _text(-8, top + 14, title, "label", anchor="end")
        figures, ratio = results.of(name, job), results.ratio(name, job)
        if figures is None or ratio is None:
            yield _text(right, top + 14, NOTHING, "quiet", anchor="end")
            continue
        length, kind = scale.length(ratio), "ours" if name == OURS else "other"
        yield f'<rect class="{kind}" y="{top + 2}" width="{length:.1f}" height="{BAR - 5}" rx="2"/>'
        yield _text(right, top + 14, f"{short(ratio)} ({short(figures.cpu_ms)} ms)", "quiet", anchor="end")
    one = scale.length(1)
    yield f'<line x1="{one:.1f}" x2="{one:.1f}" y2="{BAR * len(titles)}"/>'


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
