"""One operation on a resource → the `GraphRequest` that carries it out."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import BadUserInputError
from gateway.graph.request import GraphRequest, to_segment
from gateway.mapping.body import to_body
from gateway.mapping.filter import Filter, filtered_names, to_filter
from gateway.mapping.select import to_select
from gateway.resources.spec import Operation, ResourceSpec

MAX_TARGET_LENGTH = 8_000
"""What servers and proxies accept of a URL at least (RFC 9110 section 4.1)."""


def to_list(
    spec: ResourceSpec,
    names: Iterable[str],
    *,
    first: int,
    given_filter: Filter,
    order_by: Iterable[tuple[str, str]],
    count: bool,
) -> GraphRequest:
    """The first page of a collection. Filtered properties are selected too, so that rows can be checked."""
    filter_text = to_filter(spec, given_filter)
    query = [to_select(spec, {*names, *filtered_names(given_filter)})]
    if filter_text:
        query.append(("$filter", filter_text))
    if order := ",".join(f"{name} {direction}" for name, direction in order_by):
        query.append(("$orderby", order))
    query.append(("$top", str(first)))
    if count:
        query.append(("$count", "true"))
    request = GraphRequest("GET", spec.path, spec.permissions[Operation.LIST], tuple(query))
    if len(request.target) > MAX_TARGET_LENGTH:
        raise BadUserInputError("`filter` is too long for the URL of a request to Graph.", fields=("filter",))
    return request


def to_get(spec: ResourceSpec, key: str, names: Iterable[str]) -> GraphRequest:
    return GraphRequest("GET", _item_path(spec, key), spec.permissions[Operation.GET], (to_select(spec, names),))


def to_create(spec: ResourceSpec, given: Mapping[str, Any]) -> GraphRequest:
    return GraphRequest("POST", spec.path, spec.permissions[Operation.CREATE], body=to_body(spec, given))


def to_update(spec: ResourceSpec, key: str, given: Mapping[str, Any]) -> GraphRequest:
    if not given:
        raise BadUserInputError("`input` has nothing to change.", fields=("input",))
    return GraphRequest("PATCH", _item_path(spec, key), spec.permissions[Operation.UPDATE], body=to_body(spec, given))


def to_delete(spec: ResourceSpec, key: str) -> GraphRequest:
    return GraphRequest("DELETE", _item_path(spec, key), spec.permissions[Operation.DELETE])


def _item_path(spec: ResourceSpec, key: str) -> str:
    """Keys are plain segments, as the generated SDKs send them."""
    name = spec.key.name
    try:
        return f"{spec.path}/{to_segment(key)}"
    except ValueError as error:
        raise BadUserInputError(f"`{name}` {error}.", fields=(name,)) from None
