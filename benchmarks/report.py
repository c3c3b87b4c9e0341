"""The results as text: a line as they come, and the tables of `latest.md`."""

from collections.abc import Iterable, Sequence

from benchmarks.results import Entrant, Figures, Results

NOTHING = "–"
BUSY_CORES = 0.2
BUSY = " **The machine was busy: these figures are rough.** A quiet one gives better ones."


def to_line(figures: Figures) -> str:
    """One window."""
    return (
        f"{figures.contender:10} {figures.job:8} {figures.connections:3} connections: "
        f"{figures.cpu_ms:9.3f} ms CPU ±{figures.spread / 2:4.0%} {figures.requests_per_second:9.1f}/s "
        f"p50 {short(figures.p50_ms):>5} ms, p99 {short(figures.p99_ms):>5} ms"
    )


def to_markdown(results: Results) -> str:
    parts = [
        "# CPU for each request, in relation to this gateway",
        "Below 1 a contender needs less than the gateway, above 1 more. In brackets: milliseconds of CPU.",
        _ratios(results),
        *(part for job in results.jobs for part in (_heading(results, job), _job(results, job))),
        "## Start and memory",
        _entrants(results),
        *_remarks(results),
    ]
    return "\n\n".join(parts) + "\n"


def to_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, the others are figures."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ratios(results: Results) -> str:
    rows = ((each.title, *(_ratio(results, each.name, job) for job in results.jobs)) for each in _running(results))
    return to_table(("", *results.jobs.values()), rows)


def _ratio(results: Results, contender: str, job: str) -> str:
    figures, ratio = results.of(contender, job), results.ratio(contender, job)
    if figures is None:
        return NOTHING
    return f"{short(figures.cpu_ms)} ms" if ratio is None else f"**{short(ratio)}** ({short(figures.cpu_ms)})"


def _heading(results: Results, job: str) -> str:
    connections = max((each.connections for each in results.figures if each.job == job), default=0)
    return f"## {results.jobs[job][0].upper()}{results.jobs[job][1:]}: {connections} connections"


def _job(results: Results, job: str) -> str:
    heads = (
        "",
        "CPU ms",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "p50 ms, 1 connection",
        "CPU ms, 1 connection",
        "calls to Graph",
    )
    rows = []
    for each in _running(results):
        many, one = results.of(each.name, job), results.of(each.name, job, alone=True)
        if many is None or one is None:
            rows.append((each.title, *[NOTHING] * (len(heads) - 1)))
            continue
        figures = (many.cpu_ms, many.requests_per_second, many.p50_ms, many.p99_ms, one.p50_ms, one.cpu_ms)
        rows.append((each.title, *map(short, figures), str(many.graph_calls)))
    return to_table(heads, rows)


def _entrants(results: Results) -> str:
    rows = ((each.title, short(each.start_seconds), short(each.rss_mb)) for each in _running(results))
    return to_table(("", "first answer after s", "RSS MB after all jobs"), rows)


def _running(results: Results) -> list[Entrant]:
    return [each for each in results.entrants if each.missing is None]


def _remarks(results: Results) -> list[str]:
    about = results.about
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    missing = [f"Not available: {each.title}: {each.missing}" for each in results.entrants if each.missing]
    cannot = [
        f"{NOTHING} {each.title}, {results.jobs[job]}: {why}."
        for each in _running(results)
        for job, why in each.cannot.items()
        if job in results.jobs
    ]
    machine = f"{about['date']}, {about['machine']['processor']}, {about['machine']['cores']} cores. {versions}."
    return [*missing, *cannot, _method(results), machine]


def _method(results: Results) -> str:
    about = results.about
    late = sum(each.late for each in results.figures)
    return (
        f"Rounds: {about['rounds']}; the median is shown; windows of {about['seconds']} s; "
        f"{'TLS' if about['tls'] else 'plain HTTP'} to the upstream. "
        f"{'Measured again' if about['rounds'] > 1 else 'From one third of a window to another'}, "
        f"the CPU for each request usually differed by {results.spread:.0%}; "
        f"processes that are no part of this were using {results.others:.2f} cores"
        f"{f'; {late} answers took over a minute' if late else ''}."
        f"{BUSY if results.others > BUSY_CORES else ''}"
    )


def short(figure: float | None) -> str:
    """Three digits that say something."""
    if figure is None:
        return NOTHING
    if figure >= 100:
        return f"{figure:.0f}"
    return f"{figure:.3g}" if figure >= 0.01 else f"{figure:.3f}"
