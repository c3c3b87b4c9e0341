"""One log line a write, where Graph's own audit log shows the account that the gateway acts as and not who called.

Never values: which object, by whom, and what became of it.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote

from gateway.errors import GatewayError
from gateway.graph.answer import BrokenAnswerError, to_object
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.resources.spec import NAMESPACE, ROOT_PATH
from gateway.telemetry import CANCELLED, OK, Operation

log = logging.getLogger("gateway")

MAX_KEY_LENGTH: Final = 100


@contextmanager
def audited(operation: Operation, requests: Sequence[GraphRequest]) -> Iterator[list[Answer | GatewayError]]:
    """Logs what became of each request; the block adds that to the list, in order."""
    outcomes: list[Answer | GatewayError] = []
    before = len(operation.graph_request_ids)
    try:
        yield outcomes
    except GatewayError as error:
        outcomes += [error] * len(requests)
        raise
    finally:
        if operation.account is not None:
            ids = operation.graph_request_ids[before:]
            for index, request in enumerate(requests):
                outcome = outcomes[index] if index < len(outcomes) else None
                log.info("audit", extra={"fields": _fields(operation, request, outcome, ids)})


def _fields(
    operation: Operation, request: GraphRequest, outcome: Answer | GatewayError | None, ids: Sequence[str]
) -> dict[str, Any]:
    entity_set, key, action = _target(request)
    told = {
        "request_id": operation.request_id,
        "operation": operation.name,
        "appid": operation.appid,
        "tid": operation.tid,
        "account": operation.account,
        "method": request.method,
        "entity_set": entity_set,
        "key": key or _created(outcome),
        "below": action,
        "code": _code(outcome),
        "graph_request_ids": ids,
    }
    return {name: value for name, value in told.items() if value}


def _target(request: GraphRequest) -> tuple[str, str | None, str | None]:
    """Entity set, key, and what is meant below that object: an action, or what belongs to it."""
    entity_set, _, rest = request.path.partition("?")[0].removeprefix(f"{ROOT_PATH}/").partition("/")
    key, _, below = rest.partition("/")
    if key.startswith(f"{NAMESPACE}."):  # an action on the set itself
        key, below = "", key
    return entity_set, unquote(key)[:MAX_KEY_LENGTH] or None, below or None


def _created(outcome: Answer | GatewayError | None) -> str | None:
    """The id that Graph gave to what it has created."""
    if not isinstance(outcome, Answer):
        return None
    try:
        key = to_object(outcome).get("id")
    except BrokenAnswerError:
        return None
    return key[:MAX_KEY_LENGTH] if isinstance(key, str) else None


def _code(outcome: Answer | GatewayError | None) -> str:
    if outcome is None:
        return CANCELLED
    return outcome.code if isinstance(outcome, GatewayError) else OK
