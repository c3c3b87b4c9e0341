"""One operation at a place → the `GraphRequest` that carries it out."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import BadUserInputError
from gateway.graph.request import GraphRequest
from gateway.mapping.body import to_body, to_parameters
from gateway.mapping.filter import Filter, filtered_names, to_filter
from gateway.mapping.place import Place
from gateway.mapping.select import to_select
from gateway.resources.spec import NAMESPACE, ActionSpec, Operation

MAX_TARGET_LENGTH = 8_000
"""What servers and proxies accept of a URL at least (RFC 9110 section 4.1)."""


def to_list(
    place: Place,
    names: Iterable[str],
    *,
    first: int,
    given_filter: Filter,
    order_by: Iterable[tuple[str, str]],
    count: bool,
) -> GraphRequest:
    """The first page of a collection. Filtered properties are selected too, so that rows can be checked."""
    spec = place.spec
    filter_text = to_filter(spec, given_filter)
    query = [to_select(spec, {*names, *filtered_names(given_filter)})]
    if filter_text:
        query.append(("$filter", filter_text))
    if order := ",".join(f"{name} {direction}" for name, direction in order_by):
        query.append(("$orderby", order))
    query.append(("$top", str(first)))
    if count:
        query.append(("$count", "true"))
    request = GraphRequest("GET", place.path, spec.permissions[Operation.LIST], tuple(query))
    if len(request.target) > MAX_TARGET_LENGTH:
        longest = "filter" if len(filter_text or "") > len(order) else "orderBy"
        raise BadUserInputError(f"`{longest}` is too long for the URL of a request to Graph.", fields=(longest,))
    return request


def to_get(place: Place, key: str, names: Iterable[str]) -> GraphRequest:
    permission = place.spec.permissions[Operation.GET]
    return GraphRequest("GET", place.item_path(key), permission, (to_select(place.spec, names),))


def to_get_linked(place: Place, names: Iterable[str]) -> GraphRequest:
    """The one entity that a link leads to."""
    return GraphRequest("GET", place.path, place.spec.permissions[Operation.GET], (to_select(place.spec, names),))


def to_create(place: Place, given: Mapping[str, Any], path: str = "input") -> GraphRequest:
    """`path` names the input in errors."""
    body = to_body(place.spec, given, path)
    return GraphRequest("POST", place.path, place.spec.permissions[Operation.CREATE], body=body, input=path)


def to_update(place: Place, key: str, given: Mapping[str, Any]) -> GraphRequest:
    if not given:
        raise BadUserInputError("`input` has nothing to change.", fields=("input",))
    body = to_body(place.spec, given)
    return GraphRequest("PATCH", place.item_path(key), place.spec.permissions[Operation.UPDATE], body=body)


def to_delete(place: Place, key: str, argument: str | None = None) -> GraphRequest:
    """`argument` names the key in errors, if it is not named as in Graph."""
    return GraphRequest("DELETE", place.item_path(key, argument), place.spec.permissions[Operation.DELETE])


def to_action(place: Place, action: ActionSpec, key: str | None, given: Mapping[str, Any]) -> GraphRequest:
    """The call of an action, on a set if there is no key. Its name is qualified: `apply` alone is ambiguous.

    https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_InvokinganAction
    """
    target = place.path if key is None else place.item_path(key)
    path = f"{target}/{NAMESPACE}.{action.wire_name}"
    return GraphRequest("POST", path, action.permission, body=to_parameters(action, given), input="")
