"""What resolvers are given: GraphQL's context value, and what one field asks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strawberry.dataloader import DataLoader

from gateway.cursors import CursorSealer
from gateway.graph.loader import Loader
from gateway.idempotency import Claimant, Ledger

SelectionTree = Mapping[str, "SelectionTree"]
"""Field name → what is selected below it; a field under several aliases is in it once."""


@dataclass(slots=True)
class Context:
    loader: Loader
    cursors: CursorSealer
    max_bulk_items: int
    ledger: Ledger | None
    """None where there is no store: then there are no idempotency keys."""
    claimant: Claimant
    replayed: dict[str, None] = field(default_factory=dict)
    """Paths in the answer of objects that were created before, with the same idempotency key."""
    selections: dict[tuple[int, ...], SelectionTree] = field(default_factory=dict)
    """What `selected` has found out already, by the identities of the field's nodes."""
    lookups: dict[tuple[str, int], DataLoader[Any, Any]] = field(default_factory=dict)
    """What `joins` gathers, by the name of the resource that is looked up and the number of writes before."""


@dataclass(slots=True)
class Ask:
    """What a field asks: of which object, None for a root field; with which arguments; and what is selected below.

    `key` is its key in the answer.
    """

    context: Context
    key: str
    source: Any
    arguments: Mapping[str, Any]
    selection: SelectionTree


Resolver = Callable[[Ask], Awaitable[Any]]
"""What is asked → the source of what is selected below; knows neither Strawberry nor who runs the operation."""
