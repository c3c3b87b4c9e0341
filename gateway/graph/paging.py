"""Pages of a collection. A next link is followed whole, and only to where the collection is.

https://learn.microsoft.com/graph/paging
"""

from dataclasses import dataclass, replace

from gateway.errors import UpstreamUnavailableError, UpstreamUnsupportedError
from gateway.graph.request import Entity, GraphRequest, Json

MAX_LINK_LENGTH = 8_000
"""A cursor carries the link, and must itself fit into a request."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a collection. `next_target`: path and query of the next page below the version."""

    rows: tuple[Entity, ...]
    next_target: str | None
    total_count: int | None


def to_page(content: dict[str, Json], *, base_url: str, path: str) -> Page:
    """The page in a collection's answer; raises `GatewayError` if it is none, or its link leads elsewhere."""
    rows = content.get("value")
    if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
        raise UpstreamUnavailableError("Microsoft Graph answered a list with something that is no list of objects.")
    count = content.get("@odata.count")
    link = content.get("@odata.nextLink")
    return Page(
        rows=tuple(rows),
        next_target=None if link is None else _to_target(link, base_url=base_url, path=path),
        total_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
    )


def to_page_request(first_page: GraphRequest, target: str) -> GraphRequest:
    """The request for a page of the same collection; the link repeats the original options by itself."""
    return replace(first_page, path=target, query=())


def _to_target(link: Json, *, base_url: str, path: str) -> str:
    """The link below the version. An access token will be sent there, so it must lead to the same collection."""
    text = link if isinstance(link, str) and len(link) <= MAX_LINK_LENGTH else ""
    if not (text.startswith(f"{base_url}{path}?") and text.isascii() and text.isprintable()):
        raise UpstreamUnsupportedError(
            "Microsoft Graph's link to the next page leads outside the collection and was not followed."
        )
    return text.removeprefix(base_url)
