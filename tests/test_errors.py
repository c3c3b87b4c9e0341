"""The exception tree against the published table of codes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import errors
from gateway.errors import GatewayError, GraphFault

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[A-Z_`, ]+`) \| [^|]+ \| ([0-9, ]*) ?\|$", re.MULTILINE)


def tree(root: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """All classes below the root."""
    for each in root.__subclasses__():
        yield each
        yield from tree(each)


def published() -> dict[str, set[int]]:
    """Code → the statuses that the README gives it before execution; none if it comes during execution only."""
    table: dict[str, set[int]] = {}
    for codes_text, statuses_text in ROW.findall(README.partition("## Error codes")[2].partition("\n## ")[0]):
        codes = re.findall(r"[A-Z_]+", codes_text)
        statuses = [int(each) for each in re.findall(r"\d+", statuses_text)]
        for index, code in enumerate(codes):
            # Several statuses of several codes belong to them in order.
            table[code] = {statuses[index]} if len(codes) == len(statuses) else set(statuses)
    return table


CLASSES = list(tree())


def test_every_code_is_published_and_every_published_code_exists() -> None:
    """The README's table is the list of codes, no more and no less."""
    assert (published()["OVERLOADED"], published()["NOT_FOUND"]) == ({503}, set()), "the table is read wrongly"
    assert sorted(published()) == sorted({each.code for each in CLASSES})


def test_every_class_stands_in_the_one_tree() -> None:
    """All exceptions of `errors.py` are meant for clients, and none of them lives elsewhere."""
    here = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert here == {GatewayError, *CLASSES}


@pytest.mark.parametrize("code", published())
def test_a_code_ends_a_request_with_the_published_status(code: str) -> None:
    """What ends a request before execution has the status that the README gives its code."""
    statuses = published()[code]
    assert not statuses or statuses == {each.http_status for each in CLASSES if each.code == code}


CHANGED_NOTHING = {
    "DEADLINE_EXCEEDED",
    "NOT_ATTEMPTED",
    "OVERLOADED",
    "STORE_UNAVAILABLE",
    "THROTTLED",
    "UPSTREAM_UNAVAILABLE",
}


@pytest.mark.parametrize(
    ("code", "retryable"),
    [(code, code in CHANGED_NOTHING) for code in sorted({each.code for each in CLASSES})],
)
def test_only_what_changed_nothing_may_be_sent_again_as_it_is(code: str, retryable: bool) -> None:
    """`retryable` is true where the same operation can work later, and never where a write may have been done."""
    assert {each.retryable for each in CLASSES if each.code == code} == {retryable}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_that_knows_nothing_more_tells_its_code_alone(kind: type[GatewayError]) -> None:
    """Members of which nothing is known are left out."""
    assert kind("Said so.").extensions == {"code": kind.code, "retryable": kind.retryable}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_tells_all_that_it_knows(kind: type[GatewayError]) -> None:
    """Every member under its published name."""
    error = kind(
        "Said so.",
        hint="Do this.",
        graph=GraphFault(
            status=400,
            code="BadRequest",
            inner_codes=("invalidFilter",),
            message="No.",
            request_id="r",
            client_request_id="c",
            date="2026-11-24T09:30:00",
        ),
        retry_after_seconds=0,
        claims="{}",
        permissions=("CloudPC.Read.All",),
        fields=("input.displayName",),
    )
    assert str(error) == "Said so."
    assert error.extensions == {
        "code": kind.code,
        "retryable": kind.retryable,
        "retryAfterSeconds": 0,
        "graph": {
            "status": 400,
            "code": "BadRequest",
            "innerCodes": ["invalidFilter"],
            "message": "No.",
            "requestId": "r",
            "clientRequestId": "c",
            "date": "2026-11-24T09:30:00",
        },
        "claims": "{}",
        "permissions": ["CloudPC.Read.All"],
        "fields": ["input.displayName"],
        "hint": "Do this.",
    }
