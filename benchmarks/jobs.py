"""The jobs: what is asked, and what a right answer is.

All contenders get the same document, but for many creates, where the gateway has one field and the others 20 aliases.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from benchmarks.answers import ROOT, Row, batch, connection, device, entity, page, tenants
from benchmarks.server import NUMBER

CONNECTIONS: Final = f"{ROOT}/cloudPcConnections"
DEVICES: Final = f"{ROOT}/cloudPcDevices"
TENANTS: Final = f"{ROOT}/tenants"
BATCH: Final = "/v1.0/$batch"

CONNECTION_FIELDS: Final = " ".join(connection(0))
DEVICE_FIELDS: Final = " ".join(device(0))
MANY: Final = 20
JOINED: Final = 50
LISTED: Final = 100
REPLAYED: Final = LISTED + 1
"""`$top` of the job `replay`, by which the stand-in tells it from `list`: there are no more rows than that."""
LISTED_WIDE: Final = 500
FEW_CONNECTIONS: Final = 8
"""For jobs that take many calls or much time: 64 would only make a queue."""


@dataclass(frozen=True, slots=True)
class Question:
    """A document with variables, and the `data` that answers it."""

    document: str
    variables: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """The one call to Graph that a proxy without GraphQL makes of a job, and its answer."""

    method: str
    target: str
    body: Mapping[str, Any] | None
    answer: Row


@dataclass(frozen=True, slots=True)
class Job:
    """One of them. `connections`: how many ask at the same time.

    `bulk`: how to ask a contender that creates many in one field. `call`: None if one call is not enough, or
    not all of the answer is Graph's.
    """

    name: str
    title: str
    question: Question
    call: Call | None
    bulk: Question | None = None
    connections: int = 64

    @property
    def operation_name(self) -> str:
        return self.name.capitalize()


def _input(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


def _create() -> Job:
    row = connection(0)
    document = f"""mutation Create($input: CreateCloudPcConnectionInput!) {{
  createCloudPcConnection(input: $input) {{ {CONNECTION_FIELDS} }}
}}"""
    body = {"@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection", **_input(row)}
    question = Question(document, {"input": _input(row)}, {"createCloudPcConnection": row})
    return Job("create", "create one", question, Call("POST", CONNECTIONS, body, entity("cloudPcConnections", row)))


def _unseen() -> Job:
    """What clients send that write values into the text: no two requests are of the same one."""
    row = connection(0)
    given = _input(row) | {"displayName": f"{row['displayName']} {NUMBER}"}
    literal = ", ".join(f"{name}: {json.dumps(value)}" for name, value in given.items())
    document = f"mutation Unseen {{ createCloudPcConnection(input: {{ {literal} }}) {{ {CONNECTION_FIELDS} }} }}"
    return replace(
        _create(),
        name="unseen",
        title="create one, each document new",
        question=Question(document, {}, {"createCloudPcConnection": row}),
    )


def _get() -> Job:
    row = connection(1)
    document = f"query Get($id: ID!) {{ cloudPcConnection(id: $id) {{ {CONNECTION_FIELDS} }} }}"
    question = Question(document, {"id": row["id"]}, {"cloudPcConnection": row})
    call = Call("GET", f"{CONNECTIONS}/{row['id']}", None, entity("cloudPcConnections", row))
    return Job("get", "get one", question, call)


def _list() -> Job:
    rows = [connection(number) for number in range(LISTED)]
    document = f"""query List($first: Int) {{
  cloudPcConnections(first: $first) {{ nodes {{ {CONNECTION_FIELDS} }} }}
}}"""
    question = Question(document, {"first": LISTED}, {"cloudPcConnections": {"nodes": rows}})
    call = Call("GET", f"{CONNECTIONS}?$top={LISTED}", None, page("cloudPcConnections", rows))
    return Job("list", f"list {LISTED} × {len(rows[0])} fields", question, call)


def _odd() -> Job:
    """The gateway has no plan for an operation with introspection in it: graphql-core runs the whole."""
    rows = [connection(number) for number in range(LISTED)]
    document = f"""query Odd($first: Int) {{
  cloudPcConnections(first: $first) {{ nodes {{ {CONNECTION_FIELDS} }} }}
  __schema {{ queryType {{ name }} }}
}}"""
    data = {"cloudPcConnections": {"nodes": rows}, "__schema": {"queryType": {"name": "Query"}}}
    question = Question(document, {"first": LISTED}, data)
    return Job("odd", f"list {LISTED}, with introspection", question, None, connections=FEW_CONNECTIONS)


def _replay() -> Job:
    """A text that comes as a number, in the last row: GraphQL makes a text of it.

    The gateway's plan gives up at that row, and graphql-core completes the same answer of Graph anew.
    """
    *others, last = (connection(number) for number in range(LISTED))
    document = f"""query Replay($first: Int) {{
  cloudPcConnections(first: $first) {{ nodes {{ {CONNECTION_FIELDS} }} }}
}}"""
    nodes = [*others, last | {"displayName": str(LISTED)}]
    sent = page("cloudPcConnections", [*others, last | {"displayName": LISTED}])
    return Job(
        "replay",
        f"list {LISTED}, one text a number",
        Question(document, {"first": REPLAYED}, {"cloudPcConnections": {"nodes": nodes}}),
        Call("GET", f"{CONNECTIONS}?$top={REPLAYED}", None, sent),
        connections=FEW_CONNECTIONS,
    )


def _wide() -> Job:
    rows = [device(number) for number in range(LISTED_WIDE)]
    document = f"query Wide($first: Int) {{ cloudPcDevices(first: $first) {{ nodes {{ {DEVICE_FIELDS} }} }} }}"
    question = Question(document, {"first": LISTED_WIDE}, {"cloudPcDevices": {"nodes": rows}})
    call = Call("GET", f"{DEVICES}?$top={LISTED_WIDE}", None, page("cloudPcDevices", rows))
    return Job("wide", f"list {LISTED_WIDE} × {len(rows[0])} fields", question, call, connections=FEW_CONNECTIONS)


def _join() -> Job:
    rows = [connection(number) for number in range(JOINED)]
    names = {each["tenantId"]: each["displayName"] for each in tenants()}
    nodes = [
        {"id": row["id"], "displayName": row["displayName"], "tenant": {"displayName": names[row["tenantId"]]}}
        for row in rows
    ]
    document = """query Join($first: Int) {
  cloudPcConnections(first: $first) { nodes { id displayName tenant { displayName } } }
}"""
    question = Question(document, {"first": JOINED}, {"cloudPcConnections": {"nodes": nodes}})
    return Job("join", f"list {JOINED}, each with its tenant", question, None, connections=FEW_CONNECTIONS)


def _gets() -> Job:
    rows = [connection(number) for number in range(MANY)]
    variables = {f"id{number}": row["id"] for number, row in enumerate(rows)}
    wanted = " ".join(f"${name}: ID!" for name in variables)
    fields = "\n".join(
        f"  c{number}: cloudPcConnection(id: ${name}) {{ {CONNECTION_FIELDS} }}"
        for number, name in enumerate(variables)
    )
    data = {f"c{number}": row for number, row in enumerate(rows)}
    items = [
        {"id": str(number), "method": "GET", "url": f"{CONNECTIONS}/{row['id']}".removeprefix("/v1.0")}
        for number, row in enumerate(rows)
    ]
    call = Call("POST", BATCH, {"requests": items}, batch([entity("cloudPcConnections", row) for row in rows], 200))
    question = Question(f"query Gets({wanted}) {{\n{fields}\n}}", variables, data)
    return Job("gets", f"get {MANY} by aliases", question, call, connections=FEW_CONNECTIONS)


def _creates() -> Job:
    """The stand-in answers each create with the same object, so each contender has the same one 20 times."""
    row = connection(0)
    body = {"@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection", **_input(row)}
    variables = {f"input{number}": _input(row) for number in range(MANY)}
    wanted = " ".join(f"${name}: CreateCloudPcConnectionInput!" for name in variables)
    fields = "\n".join(
        f"  c{number}: createCloudPcConnection(input: ${name}) {{ {CONNECTION_FIELDS} }}"
        for number, name in enumerate(variables)
    )
    data = {f"c{number}": row for number in range(MANY)}
    bulk = f"""mutation Creates($inputs: [CreateCloudPcConnectionInput!]!) {{
  createCloudPcConnections(inputs: $inputs) {{ results {{ ... on CloudPcConnection {{ {CONNECTION_FIELDS} }} }} }}
}}"""
    items = [
        {
            "id": str(number),
            "method": "POST",
            "url": CONNECTIONS.removeprefix("/v1.0"),
            "headers": {"content-type": "application/json"},
            "body": body,
        }
        for number in range(MANY)
    ]
    return Job(
        "creates",
        f"create {MANY}",
        Question(f"mutation Creates({wanted}) {{\n{fields}\n}}", variables, data),
        Call("POST", BATCH, {"requests": items}, batch([entity("cloudPcConnections", row)] * MANY, 201)),
        bulk=Question(
            bulk, {"inputs": list(variables.values())}, {"createCloudPcConnections": {"results": [row] * MANY}}
        ),
        connections=FEW_CONNECTIONS,
    )


JOBS: Final = {
    job.name: job
    for job in (_create(), _unseen(), _get(), _list(), _odd(), _replay(), _wide(), _join(), _gets(), _creates())
}
