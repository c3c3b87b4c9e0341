"""`make fuzz`: many requests to a gateway process before an emulator process, and what was wrong with the answers."""

import os
import secrets
import signal
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import chain
from pathlib import Path
from threading import local
from typing import Final

from graphql import build_schema

from tests.fuzz.generated import generated
from tests.fuzz.published import faults
from tests.fuzz.requests import Answer, Maker, Request
from tests.fuzz.shrinking import shrunk
from tests.system.process import END_SECONDS, Emulation, Gateway, gateway_emulate, gateway_serve

SCHEMA: Final = Path(__file__).parents[2] / "schema.graphql"
AT_A_TIME: Final = 4
PORTION: Final = 1_000
"""After so many requests the emulator forgets what was written, or lists would grow with the run."""

MOST_FAILURES: Final = 5
SECONDS: Final = 60.0

SHARE: Final = 10
"""One of so many requests is schemathesis': it takes longer to write one than the gateway to answer it."""


@dataclass
class Target:
    """The gateway under test, and a connection to it for each thread."""

    gateway: Gateway
    token: str
    own: local = field(default_factory=local)
    connections: list[HTTPConnection] = field(default_factory=list)

    def judge(self, request: Request) -> tuple[Answer | None, list[str]]:
        """The answer, and what is wrong with it."""
        try:
            answer = request.send(self._connection())
        except (OSError, HTTPException) as error:
            self._connection().close()
            return None, [f"no answer: {type(error).__name__}"]
        secrets = (self.token.rpartition(".")[2], self.token.split(".")[1])
        return answer, sorted(set(faults(request, answer, secrets)))

    def _connection(self) -> HTTPConnection:
        if not hasattr(self.own, "connection"):
            self.own.connection = HTTPConnection(*self.gateway.address, timeout=SECONDS)
            self.connections.append(self.own.connection)
        connection: HTTPConnection = self.own.connection
        return connection

    def close(self) -> None:
        for each in self.connections:
            each.close()


@dataclass
class Findings:
    """Statuses and codes of the answers, and a text about each request that failed."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def report(self, target: Target, request: Request, name: str, wrong: list[str]) -> None:
        if len(self.failures) >= MOST_FAILURES:
            return
        smallest = shrunk(request, lambda each: bool(set(target.judge(each)[1]) & set(wrong)))
        answer, still = target.judge(smallest)
        told = answer and answer.content[:600].decode(errors="replace")
        self.failures.append(
            f"{name}: {'; '.join(still or wrong)}\n{smallest.curl(target.gateway.url, target.token)}\n{told}"
        )


def send_all(target: Target, emulation: Emulation, requests: Iterable[tuple[str, Request]]) -> Findings:
    """All of the requests, each with its name, a few at a time; ends early once enough has gone wrong."""
    findings, pending = Findings(), iter(requests)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        while portion := [each for _, each in zip(range(PORTION), pending, strict=False)]:
            emulation.reset()
            judged = pool.map(lambda each: target.judge(each[1]), portion)
            for (name, request), (answer, wrong) in zip(portion, judged, strict=True):
                findings.statuses[str(answer.status) if answer else "none"] += 1
                if wrong:
                    findings.report(target, request, name, wrong)
            if len(findings.failures) >= MOST_FAILURES:
                break
    return findings


def hostile(maker: Maker, seed: int, count: int) -> Iterable[tuple[str, Request]]:
    """The requests of a seed, with the names by which they are found again."""
    make = partial(maker.make, seed)
    return ((f"seed {seed}, number {number}", make(number)) for number in range(count))


def check_end(gateway: Gateway, emulation: Emulation) -> list[str]:
    """What is wrong with a gateway after all of it: it must still answer, have foreseen everything, and go well."""
    wrong = []
    answer = gateway.post("{ tenantTags(first: 1) { nodes { id } } }", token=emulation.graph_token)
    if answer.status_code != 200 or "errors" in answer.json():
        wrong.append(f"a plain read afterwards: {answer.status_code} {answer.text}")
    gateway.program.process.send_signal(signal.SIGTERM)
    if code := gateway.program.process.wait(END_SECONDS):
        wrong.append(f"exit code {code}")
    lines = gateway.program.errors.splitlines()
    wrong += [line[-2000:] for line in lines if '"level":"error"' in line or "Traceback" in line or line[:1] != "{"]
    del wrong[MOST_FAILURES:]
    if emulation.graph_token.rpartition(".")[2] in gateway.program.errors:
        wrong.append("the log has the token")
    if emulation.program.errors:
        wrong.append(f"the emulator says: {emulation.program.errors[:2000]}")
    return wrong


def fuzz(seed: int, count: int) -> tuple[Findings, list[str]]:
    """What was found by the requests, and at the end."""
    # Within Graph's limits it would take hours; measuring coverage would take most of the time.
    unmeasured = {"GATEWAY_GRAPH_BUDGETS": "false", "COVERAGE_PROCESS_CONFIG": ""}
    with gateway_emulate() as emulation, gateway_serve({**emulation.settings, **unmeasured}) as gateway:
        token, by_schemathesis = emulation.graph_token, count // SHARE
        maker = Maker.of(build_schema(SCHEMA.read_text(encoding="utf-8")), token)
        requests = chain(
            hostile(maker, seed, count - by_schemathesis), generated(gateway.url, token, seed, by_schemathesis)
        )
        with closing(Target(gateway, token)) as target:
            findings = send_all(target, emulation, requests)
        return findings, check_end(gateway, emulation)


def main() -> None:
    parser = ArgumentParser(prog="make fuzz ARGS=…", description=__doc__)
    parser.add_argument("--documents", type=int, default=int(os.environ.get("FUZZ_DOCUMENTS", "20000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED", str(secrets.randbits(32)))))
    given = parser.parse_args()
    sys.stdout.write(f"FUZZ_SEED={given.seed} FUZZ_DOCUMENTS={given.documents}\n")
    findings, at_the_end = fuzz(given.seed, given.documents)
    told = ", ".join(f"{count} with {status}" for status, count in sorted(findings.statuses.items()))
    sys.stdout.write("\n\n".join([f"Answers: {told}", *findings.failures, *at_the_end, ""]))
    sys.exit(bool(findings.failures or at_the_end))


if __name__ == "__main__":
    main()
