"""Fields that ask Microsoft Graph: each says in its description what that takes, and knows it as a value too."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import strawberry
from graphql import GraphQLField
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gateway.resources.reference import Access
from gateway.schema.context import Ask, Context, Resolver
from gateway.schema.fields import GraphQLType, build_resolved, metadata_of
from gateway.schema.selection import selected

BY_CONVENTION: Final = (
    "Microsoft Graph has no page about this: it rests on OData's conventions, and Graph may refuse it."
)
NO_PERMISSION: Final = "Microsoft names no permission for it."

ASKING: Final = "asking"
"""The member of a field's metadata that has its `Asking`."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a field asks Microsoft Graph, and what that takes."""

    access: Access
    resolver: Resolver


def build_asking(
    name: str, of: GraphQLType, description: str, access: Access, resolver: Resolver, *arguments: StrawberryArgument
) -> StrawberryField:
    async def resolve(root: Any, info: strawberry.Info[Context], **arguments: Any) -> Any:
        return await resolver(Ask(info.context, str(info.path.key), root, arguments, selected(info)))

    field = build_resolved(name, of, f"{description}\n\n{_told(access)}", resolve, *arguments)
    field.metadata = MappingProxyType({ASKING: Asking(access, resolver)})
    return field


def asking_of(field: GraphQLField) -> Asking | None:
    """What was given to `build_asking`; None for a field that is read from an answer."""
    asking: Asking | None = metadata_of(field).get(ASKING)
    return asking


def _told(access: Access) -> str:
    permission = access.permission
    needs = f"Least privileged delegated permission: `{permission}`." if permission else NO_PERMISSION
    return f"{needs} {access.page or BY_CONVENTION}"
