"""What becomes of each operation under each fault, found out by doing it; `python -m tests.fault_table` writes it down.

The real application before the emulator, each row with a gateway of its own, on a clock that only waiting moves.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from gateway.emulator.app import Emulator
from gateway.emulator.faults import (
    ClaimsChallenge,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    Fault,
    FaultRule,
    HtmlBody,
    HugeBody,
    Redirect,
    Refuse,
    Stack,
    TruncatedBody,
)
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, InProcess, running

PAGE: Final = Path(__file__).parents[1] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->\n"


NO_FAULT: Final = Stack(())


@dataclass(frozen=True)
class Trouble:
    """`times`: how many of the calls meet the fault; None is all. `deadline_ms`: the caller's, on the real clock.

    `connects`: whether there is a connection at all.
    """

    fault: Fault = NO_FAULT
    times: int | None = 1
    deadline_ms: int | None = None
    connects: bool = True


THROTTLED: Final = "TooManyRequests"
FAULTS: Final[Mapping[str, Trouble]] = {
    "none": Trouble(),
    "no connection can be made": Trouble(connects=False),
    "the connection is lost before Graph did the work": Trouble(DropBefore()),
    "the connection is lost after Graph did the work": Trouble(DropAfter()),
    "every connection is lost before Graph did the work": Trouble(DropBefore(), None),
    "no answer within the deadline, Graph did the work": Trouble(Delay(5, after_work=True), deadline_ms=400),
    "400": Trouble(Refuse(400, "BadRequest")),
    "401": Trouble(Refuse(401, "InvalidAuthenticationToken")),
    "401 with a claims challenge": Trouble(ClaimsChallenge()),
    "403": Trouble(Refuse(403, "Forbidden")),
    "404": Trouble(Refuse(404, "NotFound")),
    "409": Trouble(Refuse(409, "Conflict")),
    "429 once, to wait 2 s": Trouble(Refuse(429, THROTTLED, retry_after_seconds=2)),
    "429, to wait longer than the deadline": Trouble(Refuse(429, THROTTLED, retry_after_seconds=900), None),
    "500": Trouble(Refuse(500, "internalServerError")),
    "502 of a proxy, Graph did the work": Trouble(HtmlBody(502, after_work=True)),
    "503 of Graph, once": Trouble(Refuse(503, "serviceNotAvailable")),
    "503 of Graph, for good": Trouble(Refuse(503, "serviceNotAvailable"), None),
    "504 of a proxy, once": Trouble(HtmlBody(504)),
    "half of the body, then the end of the connection": Trouble(TruncatedBody(announced=True)),
    "half of the body as if it were all": Trouble(TruncatedBody(announced=False)),
    "an HTML page with 200, Graph did the work": Trouble(HtmlBody(200, after_work=True)),
    "a success without body": Trouble(EmptyBody()),
    "a success without body and Location": Trouble(EmptyBody(location=False)),
    "an answer of 10 MB": Trouble(HugeBody()),
    "a redirect": Trouble(Redirect()),
}
"""What happens to calls of an operation, in words and in deed."""


@dataclass(frozen=True)
class Kind:
    """An operation, and which of its calls meet the fault."""

    document: str
    method: str
    path: str


WRITE: Final = ("POST", "tenantTags$")
KINDS: Final[Mapping[str, Kind]] = {
    "Read by id": Kind('{ it: tenantTag(id: "there") { id } }', "GET", "tenantTags"),
    "List": Kind("{ it: tenantTags(first: 1) { nodes { id } } }", "GET", "tenantTags"),
    "Create": Kind('mutation { it: createTenantTag(input: { displayName: "Made" }) { id } }', *WRITE),
    "Create with an idempotency key": Kind(
        'mutation { it: createTenantTag(input: { displayName: "Made" }, idempotencyKey: "k") { id } }', *WRITE
    ),
    "Update": Kind(
        'mutation { it: updateTenantTag(id: "there", input: { displayName: "Changed" }) { id } }', "PATCH", "tenantTags"
    ),
    "Delete": Kind('mutation { it: deleteTenantTag(id: "there") }', "DELETE", "tenantTags"),
    "Bulk create, the fault at the batch": Kind(
        'mutation { it: createTenantTags(inputs: [{ displayName: "Made" }]) '
        "{ results { ... on TenantTag { id } ... on ItemError { code } } } }",
        "POST",
        "batch$",
    ),
}


@dataclass(frozen=True)
class Row:
    """What one operation came to. `again`: the same, sent once more with the same key when the fault is over."""

    kind: str
    fault: str
    seen: str
    received: tuple[str, ...]
    done: str
    again: str | None

    def cells(self) -> list[str]:
        received = ", ".join(f"{count} × {method}" if count > 1 else method for method, count in _runs(self.received))
        return [self.fault, self.seen, received or "nothing", self.done, *([self.again] if self.again else [])]


async def find_rows() -> list[Row]:
    return [await _row(kind, fault) for kind in KINDS for fault in FAULTS]


def to_markdown(rows: list[Row]) -> str:
    lines: list[str] = []
    for kind in KINDS:
        of_kind = [row for row in rows if row.kind == kind]
        heads = ["fault", "the caller sees", "Graph received", "what was done"]
        heads += ["sent again with the same key"] if of_kind[0].again else []
        lines += [f"### {kind}", "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
        lines += [f"| {' | '.join(row.cells())} |" for row in of_kind]
        lines.append("")
    return "\n".join(lines)


class Unreachable(InProcess):
    """Makes no connection for calls of one method, as long as it is told to be down."""

    def __init__(self, emulator: Emulator, method: str, *, down: bool) -> None:
        super().__init__(emulator.graph)
        self._method = method
        self.down = down

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down and request.method == self._method:
            raise httpx.ConnectError("refused", request=request)
        return await super().handle_async_request(request)


async def _row(kind: str, fault: str) -> Row:
    document, trouble = KINDS[kind], FAULTS[fault]
    clock = None if trouble.deadline_ms else SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock) if clock else Emulator(issuer=ISSUER)
    emulator.store.clear()
    emulator.store.add("tenantTags", {"id": "there", "displayName": "There"})
    emulator.faults.add(FaultRule(fault=trouble.fault, method=document.method, path=document.path, times=trouble.times))
    wire = Unreachable(emulator, document.method, down=not trouble.connects)
    headers = {"x-deadline-ms": str(trouble.deadline_ms)} if trouble.deadline_ms else {}
    with TemporaryDirectory() as folder:
        environ = {"GATEWAY_STORE_URL": f"sqlite:///{folder}/store.db"}
        async with running(environ, emulator=emulator, clock=clock, wire=wire) as gateway:
            seen = await _seen(gateway, document, headers)
            received = tuple(each.method for each in emulator.journal if each.item is None)
            done = _done(emulator)
            if "idempotencyKey" not in document.document:
                return Row(kind, fault, seen, received, done, None)
            emulator.faults.clear()
            wire.down = False
            made = _count(emulator)
            again = await _seen(gateway, document, {})
            return Row(kind, fault, seen, received, done, _again(again, _count(emulator) - made))


async def _seen(gateway: Harness, kind: Kind, headers: Mapping[str, str]) -> str:
    answer: Any = await gateway.execute(kind.document, headers=headers)
    if "errors" in answer:
        return f"`{answer['errors'][0]['extensions']['code']}`"
    it = answer["data"]["it"]
    if isinstance(it, dict) and "results" in it:
        [result] = it["results"]
        return f"`{result['code']}`" if "code" in result else "the object"
    if isinstance(it, dict) and "nodes" in it:
        return "the rows"
    if it is None:
        return "null"
    found = " (found)" if "extensions" in answer else ""
    return f"the object{found}" if isinstance(it, dict) else "its id"


def _done(emulator: Emulator) -> str:
    rows = {row["id"]: row["displayName"] for row in emulator.store.all("tenantTags")}
    if "there" not in rows:
        return "deleted"
    if rows["there"] == "Changed":
        return "changed"
    return "created" if len(rows) > 1 else "nothing"


def _count(emulator: Emulator) -> int:
    return len(emulator.store.all("tenantTags"))


def _again(seen: str, made: int) -> str:
    if seen.startswith("the object"):
        return "it is created then" if made else "the same object"
    return seen


def _runs(methods: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Equal neighbours as one with their number."""
    start = 0
    for index, method in enumerate(methods):
        if index + 1 == len(methods) or methods[index + 1] != method:
            yield method, index + 1 - start
            start = index + 1


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}{to_markdown(asyncio.run(find_rows()))}{END}{tail}", encoding="utf-8")
