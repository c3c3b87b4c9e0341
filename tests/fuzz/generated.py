"""Documents that schemathesis writes from the introspection of the gateway: each operation as it should be, and not."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from tests.fuzz.requests import GRAPHQL_RESPONSE, JSON, PATH, Request

AnyCase = Case[Any]
Operation = APIOperation[Any, Any, Any, Any]

MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
AT_A_TIME: Final = 8
"""Of one operation: the first that Hypothesis makes is the simplest there is."""


def generated(url: str, token: str, number: int, count: int) -> Iterator[tuple[str, Request]]:
    """So many requests, of operations in the order of the seed."""
    authorization = {"authorization": f"Bearer {token}"}
    schema = schemathesis.graphql.from_url(url, headers=authorization)
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return islice(_endless(operations, authorization, number), count)


def _endless(operations: list[Operation], headers: Mapping[str, str], number: int) -> Iterator[tuple[str, Request]]:
    rng = Random(number)
    while True:
        operation, mode, its_seed = rng.choice(operations), rng.choice(MODES), rng.getrandbits(32)
        for index, case in enumerate(_cases(operation.as_strategy(generation_mode=mode), its_seed, AT_A_TIME)):
            name = f"seed {number}, schemathesis' {operation.label}, {mode.value}, {its_seed}, {index}"
            yield name, _to_request(case, headers)


def _cases(strategy: SearchStrategy[AnyCase], number: int, count: int) -> list[AnyCase]:
    """Cases of the strategy; simpler ones of what fails are looked for elsewhere."""
    cases: list[AnyCase] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def collect(case: AnyCase) -> None:
        cases.append(case)

    collect()
    return cases


def _to_request(case: AnyCase, headers: Mapping[str, str]) -> Request:
    body = json.dumps({"query": case.body}).encode(errors="surrogatepass")
    sent = {"accept": GRAPHQL_RESPONSE, "content-type": JSON, **headers}
    return Request("POST", PATH, tuple(sent.items()), body)
