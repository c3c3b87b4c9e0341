"""The values exchanged with Microsoft Graph, and how a request becomes a URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Json = Any
"""What `json` decodes to: the one place where a type is not known."""

JSON = "application/json"
HEADERS: Mapping[str, str] = {"accept": JSON, "prefer": "include-unknown-enum-members"}
"""Sent with each request: https://learn.microsoft.com/graph/best-practices-concept"""

Entity = Mapping[str, Json]
"""A JSON object that Graph answered with; read by property name, never changed."""


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One call: `path` and `query` below the version, already percent-encoded where a value could change them.

    `body` is JSON text. `permission` is the least delegated permission, told to the caller when Graph says 403; None
    where Microsoft names none. `input` is the path of the argument that the body was made from, for errors; empty if
    the body's members are arguments themselves. `only_reads` is true of a POST that changes nothing. `count`: how many
    calls Graph takes it for.
    Two equal requests ask for the same thing.
    """

    method: str
    path: str
    permission: str | None
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    input: str = "input"
    only_reads: bool = False
    count: int = 1

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and not self.only_reads

    @property
    def template(self) -> str:
        """The path as far as the entity set: without keys and options, for telemetry."""
        return "/".join(self.path.partition("?")[0].split("/", 4)[:4])

    @property
    def target(self) -> str:
        """Path and query, as they follow the version in the URL.

        Spaces are `%20`, as Graph's pages write them; `+` would be read as a plus sign by some workloads.
        """
        query = "&".join(f"{name}={quote(value, safe=SAFE_IN_QUERY)}" for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path


UNSAFE_IN_KEY = re.compile(r"[/\\\x00-\x1f\x7f]")

SAFE_IN_QUERY = "$,()'*:"
"""Characters that OData gives a meaning in query options and that RFC 3986 allows there."""


def to_segment(key: str) -> str:
    """A key as one path segment. Raises `ValueError` for a key that no server could tell from path syntax.

    Percent-encoded dots are dots again to every URL parser (RFC 3986 section 6.2.2.2), and proxies decode `%2F`, so
    neither can be sent safely.
    """
    if key in {"", ".", ".."}:
        raise ValueError("is empty or made of dots")
    if UNSAFE_IN_KEY.search(key):
        raise ValueError("has a slash or a control character")
    if len(key) > MAX_KEY_LENGTH:
        raise ValueError(f"is longer than {MAX_KEY_LENGTH} characters")
    try:
        return quote(key, safe="")
    except UnicodeEncodeError:
        raise ValueError("is no valid Unicode text") from None


MAX_KEY_LENGTH = 1024
"""Graph's ids are opaque and may grow, but not without end (https://learn.microsoft.com/graph/best-practices-concept)."""
