"""Many creates in one field: each item has an outcome of its own, the object or an error."""

import asyncio
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from gateway.errors import BadUserInputError, GatewayError
from gateway.graph.bulk import Outcome
from gateway.graph.loader import Loader
from gateway.graph.request import Entity
from gateway.mapping.place import Place
from gateway.mapping.requests import to_create
from gateway.resources.reference import access_to
from gateway.resources.spec import Operation
from gateway.schema.access import build_asking
from gateway.schema.context import Ask, Resolver
from gateway.schema.entities import read_created
from gateway.schema.fields import (
    GraphQLType,
    build_argument,
    build_field,
    build_object,
    list_of,
    optional,
)
from gateway.schema.resolvers import Root, parent_arguments


@strawberry.enum(description="What a bulk operation does after an item that failed.")
class OnError(Enum):
    CONTINUE = strawberry.enum_value("continue", description="Goes on with the next item.")
    STOP = strawberry.enum_value("stop", description="Sends nothing more; the items that follow are NOT_ATTEMPTED.")


class Failure(dict[str, Any]):
    """The source of an `ItemError`."""


GRAPH_FAULT = build_object(
    "GraphFault",
    "What Microsoft Graph said when it refused.",
    [
        build_field("status", int, "HTTP status."),
        build_field("code", optional(str), "Graph's error code."),
        build_field("innerCodes", optional(list_of(str)), "Codes of the inner errors, outermost first."),
        build_field("message", optional(str), "Graph's message."),
        build_field("requestId", optional(str), "Graph's id of the request; its support asks for it."),
        build_field("clientRequestId", optional(str), "The gateway's id of the request."),
        build_field("date", optional(str), "When Graph answered."),
    ],
)

ITEM_ERROR = build_object(
    "ItemError",
    "Why an item has no object. Members are as in `extensions` of a GraphQL error.",
    [
        build_field("code", str, "What happened, as one of the gateway's published codes."),
        build_field("message", str, "The same in words."),
        build_field("retryable", bool, "Whether sending the item again can help."),
        build_field("retryAfterSeconds", optional(int), "How long to wait before that."),
        build_field("graph", optional(GRAPH_FAULT), "What Microsoft Graph said, if it was asked."),
        build_field("claims", optional(str), "Claims to ask Entra for."),
        build_field("permissions", optional(list_of(str)), "Delegated permissions that are needed."),
        build_field("fields", optional(list_of(str)), "Input paths that the error is about."),
        build_field("hint", optional(str), "What to do."),
    ],
)


class OutcomeUnion(StrawberryUnion):
    """Either the object or an `ItemError`, told apart by their sources."""

    def __init__(self, entity_name: str, of: GraphQLType) -> None:
        super().__init__(
            f"Create{entity_name}Result",
            (StrawberryAnnotation(of), StrawberryAnnotation(ITEM_ERROR)),
            f"What became of one {entity_name}: the object, or why there is none.",
        )
        self._entity_name = entity_name

    def get_type_resolver(self, _: Any) -> Any:
        return lambda source, *_: "ItemError" if isinstance(source, Failure) else self._entity_name


def bulk_field(root: Root) -> StrawberryField:
    """`createXs(inputs:, onError:)`, named after the entity set."""
    name = f"create{root.spec.entity_set[0].upper()}{root.spec.entity_set[1:]}"
    result = OutcomeUnion(root.spec.name, root.types.object)
    results = build_field("results", list_of(result), "One for each of `inputs`, in their order.")
    payload = build_object(
        f"{name[0].upper()}{name[1:]}Payload", f"What became of the {root.spec.entity_set}.", [results]
    )
    on_error = build_argument("onError", OnError, "What to do after an item that failed.", default=OnError.CONTINUE)
    inputs = build_argument("inputs", list_of(root.types.create_input), f"The {root.spec.entity_set} to create.")
    return build_asking(
        name,
        optional(payload),
        f"Creates many {root.spec.entity_set}, 20 in one call to Graph; each has its own outcome.",
        access_to(root.spec, Operation.CREATE),
        _resolver(root),
        *parent_arguments(root),
        inputs,
        on_error,
    )


def _resolver(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> Mapping[str, Any]:
        context, inputs = ask.context, ask.arguments["inputs"]
        _check_count(inputs, context.max_bulk_items)
        place = root.place(ask.arguments)
        requests = [to_create(place, each, f"inputs.{index}") for index, each in enumerate(inputs)]
        outcomes = await context.loader.write_all(requests, stop=ask.arguments["onError"] is OnError.STOP)
        names = root.types.names(ask.selection.get("results", {}))
        return {"results": await asyncio.gather(*(_source(context.loader, place, each, names) for each in outcomes))}

    return resolve


def _check_count(inputs: Collection[Any], most: int) -> None:
    if not inputs:
        raise BadUserInputError("`inputs` must not be empty.", fields=("inputs",))
    if len(inputs) > most:
        raise BadUserInputError(
            f"`inputs` has {len(inputs)} items. Allowed: {most} (GATEWAY_MAX_BULK_ITEMS).", fields=("inputs",)
        )


async def _source(loader: Loader, place: Place, outcome: Outcome, names: set[str]) -> Entity:
    try:
        if isinstance(outcome, GatewayError):
            raise outcome
        return await read_created(loader, place, outcome, names)
    except GatewayError as error:
        return Failure(message=error.message, **error.extensions)
