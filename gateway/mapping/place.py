"""Where entities of one kind are in Microsoft Graph: a set of the namespace, or what belongs to one entity.

Keys are plain segments, as the generated SDKs send them.
"""

from dataclasses import dataclass

from gateway.errors import BadUserInputError
from gateway.graph.request import to_segment
from gateway.resources.spec import ROOT_PATH, ResourceSpec


@dataclass(frozen=True, slots=True)
class Place:
    """A collection, or the one entity that a link leads to. `path` is below the version."""

    spec: ResourceSpec
    path: str

    def item_path(self, key: str, argument: str | None = None) -> str:
        """Raises `BadUserInputError` for a key that no server could tell from path syntax, given as `argument`."""
        name = argument or self.spec.key.name
        try:
            return f"{self.path}/{to_segment(key)}"
        except ValueError as error:
            raise BadUserInputError(f"`{name}` {error}.", fields=(name,)) from None


def to_root(spec: ResourceSpec) -> Place:
    """The set of the namespace itself."""
    return Place(spec, f"{ROOT_PATH}/{spec.entity_set}")


def to_linked(item_path: str, name: str, spec: ResourceSpec) -> Place:
    """What a navigation property of an entity leads to, or the set that it contains."""
    return Place(spec, f"{item_path}/{name}")
