"""`make bench`: every contender does every job, in one run."""

import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks import upstream
from benchmarks.about import describe
from benchmarks.chart import to_svg
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.contest import Contest, WrongAnswerError, make_token
from benchmarks.jobs import JOBS, Job
from benchmarks.load import LoadError
from benchmarks.report import to_line, to_markdown
from benchmarks.results import OURS, Entrant, Figures, Results, merge
from benchmarks.server import ServerError
from benchmarks.upstream import UpstreamError

RESULTS: Final = Path(__file__).parent / "results"
ROUNDS: Final = 3
QUICK_JOBS: Final = ("create", "get", "list", "join")
PROGRAMS: Final = ("nginx", "wrk", "taskset")


class CannotRunError(Exception):
    """Something is missing on this machine."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        results = run(options)
    except (CannotRunError, UpstreamError, WrongAnswerError, LoadError, ServerError) as failure:
        sys.exit(f"benchmarks: {failure}")
    except KeyboardInterrupt:
        sys.exit("benchmarks: stopped; nothing was written")
    sys.stdout.write(f"\n{to_markdown(results)}")
    if not (options.only or options.jobs or options.quick):
        _write(results, "latest-tls" if options.tls else "latest")


def run(options: Namespace) -> Results:
    server_core, load_core = find_cores()
    os.sched_setaffinity(0, {load_core})
    seconds, rounds = (1, 1) if options.quick else (options.seconds, ROUNDS)
    jobs = [JOBS[name] for name in options.jobs or (QUICK_JOBS if options.quick else JOBS)]
    contenders = [CONTENDERS[name] for name in options.only or CONTENDERS]
    about = describe(rounds=rounds, seconds=seconds, tls=options.tls)
    with tempfile.TemporaryDirectory() as name, upstream.running(Path(name), tls=options.tls) as graph:
        contest = Contest(graph, Path(name), server_core, seconds, make_token(), _tell)
        return merge([run_round(contest, contenders, jobs, about) for _ in range(rounds)])


def run_round(
    contest: Contest, contenders: Sequence[Contender], jobs: Sequence[Job], about: Mapping[str, Any]
) -> Results:
    """Each contender once. A rival that does not start is told of; any other failure ends the run."""
    results = Results(about, {job.name: job.title for job in jobs})
    for contender in contenders:
        try:
            contest.run(contender, jobs, results)
        except ServerError as failure:
            if contender.name == OURS:
                raise
            sys.stdout.write(f"{contender.name}: not available: {failure}\n")
            results.entrants.append(Entrant(contender.name, contender.title, {}, missing=str(failure)))
    return results


def find_cores() -> tuple[int, int]:
    """The core of the servers, and that of everything else."""
    if not hasattr(os, "sched_getaffinity"):
        raise CannotRunError("Linux is needed: the figures come from /proc.")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise CannotRunError(f"{', '.join(missing)} not found. On Debian: apt-get install nginx-light wrk util-linux")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        raise CannotRunError("Two cores are needed: one for the server, one for the load and for what is behind it.")
    return cores[0], cores[1]


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="make bench ARGS=…", description="The gateway against rivals on the same jobs.")
    parser.add_argument(
        "--quick", action="store_true", help="four jobs, a second each: a first impression in under 3 minutes"
    )
    parser.add_argument("--seconds", type=_seconds, default=2, help="length of a window (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, metavar="CONTENDER")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, metavar="JOB")
    parser.add_argument("--tls", action="store_true", help="TLS between server and upstream, as with the real Graph")
    parser.epilog = f"Contenders: {', '.join(CONTENDERS)}. Jobs: {', '.join(JOBS)}."
    return parser


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 600:
        raise ArgumentTypeError(f"{text!r} is not from 1 to 600")
    return int(text)


def _tell(figures: Figures) -> None:
    sys.stdout.write(f"{to_line(figures)}\n")
    sys.stdout.flush()


def _write(results: Results, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(to_markdown(results))
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(results), indent=1) + "\n")
    (RESULTS / f"{name}.svg").write_text(to_svg(results))


if __name__ == "__main__":
    main()
