"""The parts of `benchmarks/` that compute, none that measures: figures of a machine are no test."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from prometheus_client import CollectorRegistry

from benchmarks.chart import to_svg
from benchmarks.contenders import CONTENDERS
from benchmarks.contest import Contest, WrongAnswerError, make_token, verify
from benchmarks.jobs import JOBS, Job
from benchmarks.load import Load, LoadError, to_load, to_script
from benchmarks.measure import TICKS_A_SECOND, cpu_seconds, rss_mb, to_busy_seconds, to_cpu_seconds, tree
from benchmarks.report import short, to_line, to_markdown, to_table
from benchmarks.results import Entrant, Figures, Results, merge
from benchmarks.run import main
from benchmarks.server import Post
from benchmarks.upstream import Upstream, to_calls, to_configuration, write_files
from benchmarks.window import Sample, to_figures
from tests.harness import running
from tests.wire import Answering

ROOT = Path(__file__).parent.parent

SAID = """Running 4s test @ http://127.0.0.1:8000/graphql
  1 threads and 64 connections
  2000 requests in 4.01s, 1.10MB read
figures: {"requests": 2000, "bytes": 1100000, "p50_us": 31250, "p99_us": 40125, "refused": 0, "broken": 0, "late": 1}
"""


def figures(contender: str, job: str, cpu_ms: float, connections: int = 64) -> Figures:
    return Figures(
        contender=contender,
        job=job,
        connections=connections,
        cpu_ms=cpu_ms,
        spread=0.04,
        requests_per_second=1000 / cpu_ms,
        p50_ms=64 * cpu_ms,
        p99_ms=None,
        late=0,
        graph_calls=1,
        others=0.1,
    )


@pytest.fixture
def results() -> Results:
    """Of a run in which a rival is twice as good at one job, does not do the other, and another rival is missing."""
    about = {
        "date": "2026-11-25",
        "rounds": 3,
        "seconds": 2,
        "tls": False,
        "machine": {"processor": "Abacus", "cores": 2},
        "versions": {"python": "3.11.7", "node": None},
    }
    entrants = [
        Entrant("ours", "this gateway", {}, start_seconds=0.5, rss_mb=80.0),
        Entrant("rival", "A & B", {"join": "it cannot join"}, start_seconds=0.25, rss_mb=160.0),
        Entrant("other", "Other", {}, missing="does not answer, and says: no"),
    ]
    measured = [
        figures("ours", "get", 2),
        figures("ours", "get", 3, connections=1),
        figures("rival", "get", 1),
        figures("rival", "get", 1.5, connections=1),
        figures("ours", "join", 4, connections=8),
        figures("ours", "join", 5, connections=1),
    ]
    return Results(about, {"get": "get one", "join": "a join"}, entrants, measured)


def test_what_wrk_prints_is_read() -> None:
    """Latencies come in milliseconds, failures by kind."""
    assert to_load(SAID) == Load(2000, 1_100_000, 31.25, 40.125, refused=0, broken=0, late=1)


def test_wrk_without_figures_is_an_error_with_its_words() -> None:
    """What wrk says instead of figures is told."""
    with pytest.raises(LoadError, match="wrk says: unable to connect"):
        to_load("unable to connect")


def test_the_script_sends_the_body_as_it_is() -> None:
    """Quotes, backslashes and line ends of a document survive Lua."""
    script = to_script(Post({"accept": "application/json"}, rb'{"query":"{ a(b: \"c\")\n}"}'))
    assert script.splitlines()[:3] == [
        'wrk.method = "POST"',
        r'wrk.body = "{\"query\":\"{ a(b: \\\"c\\\")\\n}\"}"',
        'wrk.headers["accept"] = "application/json"',
    ]


def test_a_body_can_have_a_number_of_its_own_in_each_request() -> None:
    """Also in requests of different loads; the one that is checked beforehand has 0."""
    post = Post({}, b'{"query":"{ a(b: @number@) }"}')
    first, second = (re.findall(r"^local number = (\d{16,})$", to_script(post), re.MULTILINE) for _ in range(2))
    assert int(first[0]) < int(second[0])
    assert post.numbered(0) == b'{"query":"{ a(b: 0) }"}'
    assert "number" not in to_script(Post({}, b"{}"))


def test_cpu_time_is_user_and_system_time() -> None:
    """A process may have any name, parentheses and spaces included."""
    stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 9 9 20 0 1 0 5 6 7"
    assert to_cpu_seconds(stat) == 300 / TICKS_A_SECOND


def test_busy_time_leaves_out_idleness_and_guests() -> None:
    """Waiting for I/O is idleness; a guest's time is within user time already."""
    assert to_busy_seconds("cpu  100 0 50 1000 30 1 2 3 77 0\ncpu0 1 2 3\n") == 156 / TICKS_A_SECOND


def test_this_process_has_a_tree_time_and_memory() -> None:
    """The files of a real process can be read."""
    pid = os.getpid()
    assert (tree(pid)[0], cpu_seconds(pid) > 0, rss_mb(pid) > 1) == (pid, True, True)


def test_the_stand_in_counts_its_requests() -> None:
    """The third figure of nginx' status is that of requests."""
    assert to_calls("Active connections: 2 \nserver accepts handled requests\n 16 17 18 \nReading: 0") == 18


def test_figures_come_from_what_happened_between_samples() -> None:
    """CPU is for each request, which made two calls; parts of the window show how steady it was."""
    samples = [
        Sample(10.0, server_seconds=1.0, all_seconds=2.0, busy_seconds=50.0, calls=100),
        Sample(11.0, server_seconds=1.9, all_seconds=3.4, busy_seconds=51.5, calls=700),
        Sample(12.0, server_seconds=2.6, all_seconds=4.6, busy_seconds=53.0, calls=1100),
    ]
    assert to_figures(samples, to_load(SAID), contender="ours", job="get", connections=64, graph_calls=2) == Figures(
        contender="ours",
        job="get",
        connections=64,
        cpu_ms=3.2,
        spread=0.156,
        requests_per_second=250.0,
        p50_ms=31.25,
        p99_ms=40.125,
        late=1,
        graph_calls=2,
        others=0.2,
    )


def test_a_ratio_is_the_cpu_in_relation_to_ours(results: Results) -> None:
    """It is that at many connections; there is none for what was not measured."""
    ratios = [results.ratio(name, job) for name in ("ours", "rival", "other") for job in ("get", "join")]
    assert ratios == [1.0, 1.0, 0.5, None, None, None]


def test_a_run_is_the_median_of_its_rounds(results: Results) -> None:
    """Of each job it has the round in the middle, and how far the rounds were apart."""
    rounds = [Results(results.about, results.jobs, [], [figures("ours", "get", cpu_ms)]) for cpu_ms in (8, 2, 4)]
    rounds[-1].entrants = results.entrants
    expected = replace(figures("ours", "get", 4), spread=1.5)
    assert merge(rounds) == Results(results.about, results.jobs, results.entrants, [expected])


def test_a_table_has_text_on_the_left_and_figures_on_the_right() -> None:
    """It is Markdown as GitHub shows it."""
    assert to_table(("", "ms"), [("a", "1")]) == "|  | ms |\n| --- | --: |\n| a | 1 |"


@pytest.mark.parametrize(
    ("figure", "text"),
    [(1234.5, "1234"), (12.345, "12.3"), (0.5, "0.5"), (0.01234, "0.0123"), (0.0034, "0.003"), (None, "–")],
)
def test_figures_are_short(figure: float | None, text: str) -> None:
    """Three digits, no exponent, a dash for nothing."""
    assert short(figure) == text


def test_a_line_tells_one_window() -> None:
    """It comes while the run goes on."""
    assert to_line(figures("ours", "get", 2)) == (
        "ours       get       64 connections:     2.000 ms CPU ±  2%     500.0/s p50   128 ms, p99     – ms"
    )


def test_the_report_has_ratios_first_and_says_what_is_missing(results: Results) -> None:
    """Who did not run, who cannot do what, how it was measured and how steady the machine was: all is told."""
    report = to_markdown(results)
    ratios = "|  | get one | a join |\n| --- | --: | --: |\n| this gateway | **1** (2) | **1** (4) |\n"
    assert f"{ratios}| A & B | **0.5** (1) | – |" in report
    assert [line for line in report.splitlines() if line.startswith("## ")] == [
        "## Get one: 64 connections",
        "## A join: 8 connections",
        "## Start and memory",
    ]
    assert "| A & B | 1 | 1000 | 64 | – | 96 | 1.5 | 1 |" in report
    entrants = "| --- | --: | --: |\n| this gateway | 0.5 | 80 |\n| A & B | 0.25 | 160 |"
    method = (
        "Rounds: 3; the median is shown; windows of 2 s; plain HTTP to the upstream. Measured again, the CPU for each "
        "request usually differed by 4%; processes that are no part of this were using 0.10 cores."
    )
    assert report.split("\n\n")[-5:] == [
        f"|  | first answer after s | RSS MB after all jobs |\n{entrants}",
        "Not available: Other: does not answer, and says: no",
        "– A & B, a join: it cannot join.",
        method,
        "2026-11-25, Abacus, 2 cores. python 3.11.7.\n",
    ]


def test_a_single_round_is_not_passed_off_as_several(results: Results) -> None:
    """How far its figures differ is known of the parts of its windows only."""
    results.about = {**results.about, "rounds": 1}
    assert "From one third of a window to another, the CPU for each request usually differed by" in to_markdown(results)


def test_a_busy_machine_is_told(results: Results) -> None:
    """Figures from a machine that does other things are not passed off as good ones."""
    results.figures = [replace(each, others=1.4) for each in results.figures]
    assert "were using 1.40 cores. **The machine was busy: these figures are rough.**" in to_markdown(results)


def test_the_chart_has_a_bar_for_each_ratio(results: Results) -> None:
    """It is well-formed, whatever the titles; what cannot be done has a dash in place of a bar."""
    svg = "{http://www.w3.org/2000/svg}"
    drawing = ET.fromstring(to_svg(results))  # noqa: S314 - our own
    bars = [each for each in drawing.iter(f"{svg}rect") if each.get("class") != "paper"]
    assert [each.get("class") for each in bars] == ["ours", "other", "ours"]
    assert float(bars[0].get("width", 0)) > float(bars[1].get("width", 0)) > 0
    assert [each.text for each in drawing.iter(f"{svg}text") if each.get("class") == "quiet"][1:] == [
        "1 (2 ms)",
        "0.5 (1 ms)",
        "1 (4 ms)",
        "–",
    ]


@pytest.fixture(scope="module")
def schemas() -> dict[str, GraphQLSchema]:
    files = {"ours": ROOT / "schema.graphql", "rivals": ROOT / "benchmarks/contenders/schema.graphql"}
    return {name: build_schema(file.read_text()) for name, file in files.items()}


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_all_can_be_asked_for_each_job(job: Job, schemas: dict[str, GraphQLSchema]) -> None:
    """The documents are valid for the schemas of those who get them."""
    ours, theirs = parse((job.bulk or job.question).document), parse(job.question.document)
    assert (validate(schemas["ours"], ours), validate(schemas["rivals"], theirs)) == ([], [])


@pytest.mark.parametrize(
    ("name", "sent_as", "way"),
    [("list", "list", "planned"), ("odd", "list", "interpreted"), ("replay", "replay", "replayed")],
)
async def test_the_gateway_takes_the_way_that_a_job_is_about(name: str, sent_as: str, way: str) -> None:
    """Of the three lists one is run by its plan, one by graphql-core, one by both; each is answered right."""
    job, call, registry = JOBS[name], JOBS[sent_as].call, CollectorRegistry()
    assert call is not None
    wire = Answering(lambda _: httpx.Response(200, json=call.answer))
    async with running({"GATEWAY_COMPILED": "true"}, wire=wire, registry=registry) as gateway:
        response = await gateway.post(job.question.document, job.question.variables)
    verify(CONTENDERS["ours"], job, response.status_code, response.content)
    assert registry.get_sample_value("gateway_executions_total", {"way": way}) == 1


def test_who_can_do_none_of_the_jobs_is_not_started(tmp_path: Path, results: Results) -> None:
    """The report has a line of dashes, and says why."""
    contest = Contest(Upstream("", None, 0, 0), tmp_path, core=0, seconds=1, token="", tell=lambda _: None)
    contest.run(CONTENDERS["proxy"], [JOBS["odd"]], results)
    results.jobs = {"odd": "odd"}
    assert "| Python proxy, no GraphQL | – |\n" in to_markdown(results)
    assert "\n– Python proxy, no GraphQL, odd: it has no schema to tell of.\n" in to_markdown(results)


def test_only_the_right_answer_is_accepted() -> None:
    """The gateway must answer with the job's data, the proxy with Graph's; anything else ends the run."""
    job, right = JOBS["get"], {"data": JOBS["get"].question.data}
    verify(CONTENDERS["ours"], job, 200, json.dumps(right).encode())
    assert job.call is not None
    verify(CONTENDERS["proxy"], job, 200, json.dumps(job.call.answer).encode())
    wrong = {**right, "errors": []}
    for status, body in ((500, json.dumps(right)), (200, json.dumps(wrong)), (200, "<html>")):
        with pytest.raises(WrongAnswerError, match=f"this gateway does not do “get one”: {status} "):
            verify(CONTENDERS["ours"], job, status, body.encode())


def test_a_token_has_the_size_of_a_real_one() -> None:
    """Headers cost by their length, and a token is most of them."""
    assert abs(len(make_token()) - 1_200) < 10


def test_the_stand_in_has_a_file_for_each_answer(tmp_path: Path) -> None:
    """What nginx is told to look for is there."""
    write_files(tmp_path)
    call = JOBS["get"].call
    assert call is not None
    named = {"connections", "joined", "replayed", "devices", "tenants", "created", "gets", "creates"}
    assert {each.stem for each in tmp_path.glob("*.json")} == named
    assert all(f"/{name}.json" in to_configuration(1, 2, tls=False) for name in named)
    assert (tmp_path / call.target[1:]).is_file()


def test_tls_is_configured_only_when_asked_for() -> None:
    """The certificate is named only where there is one."""
    assert ["ssl_certificate" in to_configuration(1, 2, tls=tls) for tls in (True, False)] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nobody"], "invalid choice: 'nobody'"),
        (["--jobs", "nothing"], "invalid choice: 'nothing'"),
        (["--seconds", "0"], "'0' is not from 1 to 600"),
    ],
    ids=["contender", "job", "seconds"],
)
def test_a_wrong_option_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started, and the message names what is wrong."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capsys.readouterr().err


def test_the_readme_has_the_figures_of_the_last_run() -> None:
    """The table of ratios, as the run wrote it."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- speed -->\n")[2].partition("\n<!--")[0]
    assert f"\n{shown}\n" in (ROOT / "benchmarks/results/latest.md").read_text(encoding="utf-8")
    assert shown.startswith("|  | create one |")
