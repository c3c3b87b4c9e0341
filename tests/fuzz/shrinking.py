"""The smallest request that still fails in the same way, as far as patience goes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import orjson

from tests.fuzz.documents import TOKEN
from tests.fuzz.requests import Request

PATIENCE: Final = 400
"""So many requests are sent to find a smaller one."""


def shrunk(request: Request, fails: Callable[[Request], bool]) -> Request:
    """The request without what it can do without."""
    tries = 0
    while tries < PATIENCE:
        for smaller in islice(_smaller(request), PATIENCE - tries):
            tries += 1
            if fails(smaller):
                request = smaller
                break
        else:
            break
    return request


def _smaller(request: Request) -> Iterator[Request]:
    """Requests with a part less, the largest parts first."""
    for index in range(len(request.headers)):
        yield replace(request, headers=request.headers[:index] + request.headers[index + 1 :])
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        for part in _without_part(request.body):
            yield replace(request, body=bytes(part))
        return
    if isinstance(content, dict):
        for each in _smaller_content(content):
            yield replace(request, body=orjson.dumps(each))


def _smaller_content(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in content:
        yield {each: value for each, value in content.items() if each != name}
    for name, value in content.items():
        if isinstance(value, dict):
            for each in _smaller_content(value):
                yield content | {name: each}
    if isinstance(query := content.get("query"), str):
        for tokens in _without_part(TOKEN.findall(query)):
            yield content | {"query": " ".join(tokens)}


def _without_part(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    size = len(whole) // 2
    while size:
        for start in range(0, len(whole), size):
            yield [*whole[:start], *whole[start + size :]]
        size //= 2
