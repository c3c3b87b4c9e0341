"""One generic resolver for each operation that a resource can offer: arguments → requests to Graph → JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.arguments import StrawberryArgument

from gateway.errors import NotFoundError
from gateway.graph.request import Entity, GraphRequest
from gateway.graph.transport import Answer
from gateway.mapping.place import Place, to_linked, to_root
from gateway.mapping.requests import to_create, to_delete, to_update
from gateway.resources.spec import Operation, ResourceSpec
from gateway.schema.context import Ask, Resolver
from gateway.schema.creates import create_with_keys, given_key, read_result
from gateway.schema.entities import read_back, read_created, read_entity, to_written
from gateway.schema.fields import build_argument
from gateway.schema.lists import read_connection
from gateway.schema.types import ResourceTypes


@dataclass(frozen=True, slots=True)
class Root:
    """What resolvers of root fields know: the types of the resource, and the one that its set is within, if any."""

    types: ResourceTypes
    parent: ResourceSpec | None

    @property
    def spec(self) -> ResourceSpec:
        return self.types.spec

    @property
    def parent_argument(self) -> str | None:
        """The argument that names the entity which has the set."""
        return f"{self.parent.entity_type}Id" if self.parent else None

    def place(self, arguments: Mapping[str, Any]) -> Place:
        if self.parent is None:
            return to_root(self.spec)
        name = self.parent_argument
        assert name is not None
        return to_linked(to_root(self.parent).item_path(arguments[name], name), self.spec.entity_set, self.spec)


def parent_arguments(root: Root) -> list[StrawberryArgument]:
    """The argument that `Root.place` reads, where there is one."""
    if root.parent is None or root.parent_argument is None:
        return []
    description = f"Identifies the {root.parent.name} that it belongs to."
    return [build_argument(root.parent_argument, strawberry.ID, description)]


def list_resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> dict[str, Any]:
        return await read_connection(ask, root.types, root.place(ask.arguments))

    return resolve


def get_resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> Entity | None:
        place, key = root.place(ask.arguments), ask.arguments[root.spec.key.name]
        try:
            return await read_entity(ask.context.loader, place, key, root.types.names(ask.selection))
        except NotFoundError:
            return None

    return resolve


def create_resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> Entity:
        loader, place = ask.context.loader, root.place(ask.arguments)
        request, names = to_create(place, ask.arguments["input"]), root.types.names(ask.selection)
        key = given_key(ask)
        if key is None:
            return await read_created(loader, place, await loader.write(request), names)

        async def send(requests: Sequence[GraphRequest]) -> list[Answer]:
            return [await loader.send(each) for each in requests]

        [result] = await create_with_keys(ask, place, [(key, request)], send)
        return await read_result(ask.context, place, result, names, ask.key)

    return resolve


def update_resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> Entity:
        loader, place, key = ask.context.loader, root.place(ask.arguments), ask.arguments[root.spec.key.name]
        answer = await loader.write(to_update(place, key, ask.arguments["input"]))
        entity = to_written(place, answer)
        return entity or await read_back(loader, place, key, answer, root.types.names(ask.selection))

    return resolve


def delete_resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> str:
        key: str = ask.arguments[root.spec.key.name]
        await ask.context.loader.write(to_delete(root.place(ask.arguments), key))
        return key

    return resolve


RESOLVERS: Mapping[Operation, Callable[[Root], Resolver]] = {
    Operation.LIST: list_resolver,
    Operation.GET: get_resolver,
    Operation.CREATE: create_resolver,
    Operation.UPDATE: update_resolver,
    Operation.DELETE: delete_resolver,
}
