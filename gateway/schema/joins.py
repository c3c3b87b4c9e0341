"""Fields that lead from one object to others: Graph's links, and joins that Graph does not have.

A link is a request below its object; many at the same time travel together. A join finds the object that rows name by
a property (`tenantId`): what all rows ask for at the same time is looked up with one filter, and never row by row.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from strawberry.dataloader import DataLoader
from strawberry.types.field import StrawberryField

from gateway.graph.loader import Loader
from gateway.graph.request import Entity
from gateway.mapping.place import Place, to_linked, to_root
from gateway.mapping.requests import to_list
from gateway.resources.model import Join, Model
from gateway.resources.reference import access_by_link, access_to
from gateway.resources.spec import LinkSpec, Operation
from gateway.schema.access import build_asking
from gateway.schema.connections import walk_pages
from gateway.schema.context import Ask
from gateway.schema.entities import read_linked, to_item_path, to_listed
from gateway.schema.fields import optional
from gateway.schema.lists import MAX_FIRST, list_arguments, read_connection
from gateway.schema.types import ResourceTypes

MAX_VALUES: Final = 100
"""Values in one filter of a lookup: a hundred ids make a URL of some 5,000 characters, which every server takes."""


def add_fields(types: Mapping[str, ResourceTypes], model: Model) -> None:
    """Adds the fields to the objects, once all of them exist."""
    for spec in model.catalog:
        own = types[spec.name]
        for link in spec.links:
            own.add(_link_field(own, link, types[link.target]), reads=spec.key.name)
    for join in model.joins:
        source, target = types[join.source.name], types[join.target.name]
        source.add(_found_field(join, target), reads=join.by)
        if join.source.within is None:
            target.add(_members_field(join, source), reads=join.by)


def _link_field(own: ResourceTypes, link: LinkSpec, target: ResourceTypes) -> StrawberryField:
    home = to_root(own.spec)

    def place(root: Entity) -> Place:
        return to_linked(to_item_path(home, root), link.name, target.spec)

    async def resolve_one(ask: Ask) -> Entity | None:
        return await read_linked(ask.context.loader, place(ask.source), target.names(ask.selection))

    async def resolve_many(ask: Ask) -> dict[str, Any]:
        return await read_connection(ask, target, place(ask.source))

    access = access_by_link(target.spec, Operation.LIST if link.is_list else Operation.GET)
    if link.is_list:
        of, arguments = optional(target.connection), list_arguments(target)
        return build_asking(link.name, of, link.description, access, resolve_many, *arguments)
    return build_asking(link.name, optional(target.object), link.description, access, resolve_one)


def _found_field(join: Join, target: ResourceTypes) -> StrawberryField:
    """On the rows that name an object: the object."""

    async def resolve(ask: Ask) -> Entity | None:
        value = ask.source.get(join.by)
        if not isinstance(value, str) or not value:
            return None
        lookups, loader = ask.context.lookups, ask.context.loader
        since = (target.spec.name, loader.writes)
        if since not in lookups:
            lookups[since] = DataLoader(Lookup(loader, to_root(target.spec), join.by).find_all)
        found: Entity | None = await lookups[since].load(Wanted(value, frozenset(target.names(ask.selection))))
        return found

    description = f"The {target.spec.name} with this `{join.by}`; null if there is none. Found for all rows together."
    access = access_to(target.spec, Operation.LIST)
    return build_asking(target.spec.entity_type, optional(target.object), description, access, resolve)


def _members_field(join: Join, source: ResourceTypes) -> StrawberryField:
    """On the object: the rows that name it."""

    async def resolve(ask: Ask) -> dict[str, Any] | None:
        value = ask.source.get(join.by)
        if not isinstance(value, str) or not value:
            return None
        return await read_connection(ask, source, to_root(source.spec), {join.by: {"eq": value}})

    description = f"The {source.spec.entity_set} with the `{join.by}` of this {join.target.name}."
    access, of = access_to(source.spec, Operation.LIST), optional(source.connection)
    return build_asking(source.spec.entity_set, of, description, access, resolve, *list_arguments(source))


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object that a row names, and the properties that are to be known of it."""

    value: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds objects by the values of one of their properties, whatever their case."""

    loader: Loader
    place: Place
    by: str

    async def find_all(self, wanted: list[Wanted]) -> Sequence[Entity | None]:
        """The first object with each value, in the order asked for; all with all the properties asked for."""
        names = {self.by}.union(*(each.names for each in wanted))
        # Two spellings of one value are both sent: Graph may compare with regard to case.
        values = list(dict.fromkeys(each.value for each in wanted))
        found: dict[str, Entity] = {}
        parts = [values[start : start + MAX_VALUES] for start in range(0, len(values), MAX_VALUES)]
        await asyncio.gather(*(self._find(part, names, found) for part in parts))
        return [found.get(each.value.casefold()) for each in wanted]

    async def _find(self, values: Sequence[str], names: Iterable[str], found: dict[str, Entity]) -> None:
        """Walks on until all are found: Graph may ignore the filter, and then answers other rows as well."""
        missing = {value.casefold() for value in values}
        given_filter = {self.by: {"in": values}}
        first = min(len(values), MAX_FIRST)
        request = to_list(self.place, names, first=first, given_filter=given_filter, order_by=(), count=False)
        async for _, page in walk_pages(self.loader, request, request.target):
            for row in page.rows:
                value = row.get(self.by)
                if isinstance(value, str) and value.casefold() in missing:
                    missing.discard(value.casefold())
                    found[value.casefold()] = to_listed(self.place, row)
            if not missing:
                return
