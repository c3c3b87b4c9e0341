"""One contender does its jobs: it is started, each answer is checked, then it is measured."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import jwt

from benchmarks.contenders import Contender, Setting
from benchmarks.jobs import Job
from benchmarks.measure import rss_mb
from benchmarks.results import Entrant, Figures, Results
from benchmarks.server import Post, Server, ServerError, ask, free_port, serving, to_post
from benchmarks.upstream import Upstream
from benchmarks.window import Bench

TOKEN_BYTES: Final = 1_200
WARM_SECONDS: Final = 1
PASSED_ON: Final = ("HOME", "LANG", "PATH", "VIRTUAL_ENV")
"""Variables of this process that servers get; others could change what they do."""


class WrongAnswerError(Exception):
    """A contender does not do the job, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What all contenders have in common. `tell` gets the figures as they come."""

    upstream: Upstream
    directory: Path
    core: int
    seconds: int
    token: str
    tell: Callable[[Figures], None]

    def run(self, contender: Contender, jobs: Sequence[Job], results: Results) -> None:
        """Adds to the results. Raises `ServerError` if it does not start, `WrongAnswerError` or `LoadError`."""
        if self.upstream.ca_file and not contender.trusts_ca_file:
            raise ServerError("it trusts public certificate authorities only")
        able = [job for job in jobs if job.name not in contender.cannot]
        entrant = Entrant(contender.name, contender.title, dict(contender.cannot))
        if not able:
            results.entrants.append(entrant)
            return
        setting = Setting(free_port(), self.upstream.url, self.upstream.ca_file, self.directory)
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environ = {**passed_on, **setting.environ, **contender.environ(setting)}
        posts = {job.name: to_post(*_asked(contender, job), self.token) for job in able}
        with serving(
            contender.command(setting), environ, self.core, setting.port, next(iter(posts.values()))
        ) as server:
            for job in able:
                self._do(contender, job, posts[job.name], server, results)
            entrant = replace(
                entrant, start_seconds=round(server.start_seconds, 2), rss_mb=round(rss_mb(server.pid), 1)
            )
        results.entrants.append(entrant)

    def _do(self, contender: Contender, job: Job, post: Post, server: Server, results: Results) -> None:
        verify(contender, job, *ask(server.port, post))
        bench = Bench(contender.name, server, self.upstream, self.directory)
        bench.warm(post, connections=job.connections, seconds=WARM_SECONDS)
        for connections in (job.connections, 1):
            figures = bench.measure(job.name, post, connections=connections, seconds=self.seconds)
            results.figures.append(figures)
            self.tell(figures)


def verify(contender: Contender, job: Job, status: int, body: bytes) -> None:
    """Raises `WrongAnswerError` unless it is exactly the answer to the job."""
    wanted = {"data": _question(contender, job).data} if contender.is_graphql else job.call and job.call.answer
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status != 200 or answer != wanted:
        said = body[:500].decode(errors="replace")
        raise WrongAnswerError(f"{contender.title} does not do “{job.title}”: {status} {said}")


def make_token() -> str:
    """An access token as Entra's for Graph are: claims, padding for what else they hold, a signature of its size."""
    claims = {
        "aud": "https://graph.microsoft.com",
        "tid": "38227791-9a88-4fd7-a73d-60eb13b0e9d1",
        "oid": "5d7f2b7e-1a35-4c4f-8d5b-2f7f4a9b6c11",
        "appid": "0b6a4c1d-7c70-4d0c-9a52-6f1f6f0f3f5e",
        "idtyp": "user",
        "scp": "CloudPC.ReadWrite.All ManagedTenants.ReadWrite.All",
        "exp": int(time.time()) + 86_400,
    }
    key = "benchmarks" * 4
    bare = len(jwt.encode({**claims, "xms": ""}, key))
    return jwt.encode({**claims, "xms": "x" * ((TOKEN_BYTES - bare) * 3 // 4)}, key)


def _question(contender: Contender, job: Job) -> Any:
    return job.bulk if job.bulk and contender.has_bulk else job.question


def _asked(contender: Contender, job: Job) -> tuple[str, Any, str]:
    question = _question(contender, job)
    return question.document, question.variables, job.operation_name
