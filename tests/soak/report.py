"""A soak as Markdown: what held, how the figures went with the time, what callers heard, what became of writes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.soak.bounds import Bound, Window
from tests.soak.ledger import Ledger
from tests.soak.load import Heard
from tests.soak.watch import Sample

WINDOWS = 12


@dataclass(frozen=True)
class Soak:
    """All that was seen; `wrong` are lines about what must not be."""

    seed: int
    started: float
    ended: float
    samples: Sequence[Sample]
    heard: Heard
    ledger: Ledger
    bounds: Sequence[Bound]
    wrong: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.wrong and all(each.holds for each in self.bounds)

    def window(self, first: float, last: float) -> Window:
        """From one share of the time to another."""
        length = self.ended - self.started
        return Window.of(self.heard.seconds, self.samples, self.started + first * length, self.started + last * length)


def to_markdown(soak: Soak) -> str:
    minutes = (soak.ended - soak.started) / 60
    operations = len(soak.heard.seconds)
    head = f"# A soak of {minutes:.1f} minutes: {'all bounds hold' if soak.holds else 'FAILED'}"
    about = f"{operations} answers, {operations / minutes / 60:.0f} a second. SOAK_SEED={soak.seed}"
    parts = [head, about, *_lines(soak), "\n".join(_bounds(soak.bounds)), "\n".join(_windows(soak))]
    return "\n\n".join([*parts, "\n".join(_outcomes(soak.heard.outcomes)), "\n".join(_writes(soak.ledger))]) + "\n"


def _lines(soak: Soak) -> Iterator[str]:
    if soak.wrong:
        yield "\n".join(f"- {each}" for each in soak.wrong)


def _bounds(bounds: Iterable[Bound]) -> Iterator[str]:
    yield from ("| bound | measured | at most | |", "| --- | --: | --: | --- |")
    for each in bounds:
        unit = f" {each.unit}".rstrip()
        held = "holds" if each.holds else "**FAILED**"
        yield f"| {each.title} | {each.figure:.3g}{unit} | {each.most:.3g}{unit} | {held} |"


def _windows(soak: Soak) -> Iterator[str]:
    caches = sorted(soak.samples[0].caches)
    titles = ("minute", "answers", "CPU ms", "p50 ms", "p99 ms", "memory MB", "descriptors", "threads", *caches)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --: |' * len(titles)}"
    length = soak.ended - soak.started
    for first, last in pairwise(number / WINDOWS for number in range(WINDOWS + 1)):
        window = soak.window(first, last)
        until = [each for each in soak.samples if each.moment <= soak.started + last * length]
        sample = until[-1] if until else soak.samples[0]
        figures = (
            f"{last * length / 60:.1f}",
            window.operations,
            f"{window.cpu * 1000:.2f}",
            f"{window.p50 * 1000:.1f}",
            f"{window.p99 * 1000:.0f}",
            f"{sample.memory_bytes / 1e6:.1f}",
            sample.descriptors,
            sample.threads,
            *(sample.caches[each] for each in caches),
        )
        yield f"| {' | '.join(map(str, figures))} |"


def _outcomes(outcomes: Counter[tuple[str, str]]) -> Iterator[str]:
    yield from ("| act | outcomes |", "| --- | --- |")
    for act in sorted({act for act, _ in outcomes}):
        told = [f"{count} {code}" for (each, code), count in outcomes.most_common() if each == act]
        yield f"| {act} | {', '.join(told)} |"


def _writes(ledger: Ledger) -> Iterator[str]:
    yield from ("| creates | objects |", "| --- | --: |")
    for fate, count in ledger.totals.items():
        yield f"| {fate} | {count} |"
