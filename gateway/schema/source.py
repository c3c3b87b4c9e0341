"""Graph's JSON as the source of GraphQL fields."""

from typing import Any

from gateway.errors import UpstreamUnsupportedError


def read_member(source: Any, name: str) -> Any:
    """Reads an object by member name; a member that is not there is null."""
    if not isinstance(source, dict):
        raise UpstreamUnsupportedError("Microsoft Graph answered a value where an object is declared.")
    return source.get(name)
