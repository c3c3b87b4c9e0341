"""What resolvers may use while an operation runs: GraphQL's context value."""

from dataclasses import dataclass

from gateway.cursors import CursorSealer
from gateway.graph.loader import Loader


@dataclass(frozen=True, slots=True)
class Context:
    loader: Loader
    cursors: CursorSealer
