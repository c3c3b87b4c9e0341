"""Many creates or deletes in one field: each item has an outcome of its own, the object or an error."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any, Final

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from gateway.errors import BadUserInputError, GatewayError
from gateway.graph.request import Entity
from gateway.idempotency import Result
from gateway.mapping.requests import to_create, to_delete
from gateway.resources.reference import access_to
from gateway.resources.spec import Operation
from gateway.schema.access import build_asking
from gateway.schema.context import Ask, Resolver
from gateway.schema.creates import create_with_keys, given_key, key_argument, read_result
from gateway.schema.fields import (
    GraphQLType,
    build_argument,
    build_field,
    build_object,
    definition_of,
    list_of,
    optional,
)
from gateway.schema.resolvers import Root, parent_arguments

MANY_KEYS: Final = (
    "Makes it safe to send the field again: with the same key and inputs none of the objects is made twice. Your own "
    "random text, of which each item has a key of its own; takes a gateway with a store."
)


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
    """Either what was done or an `ItemError`, told apart by their sources."""

    def __init__(self, name: str, of: GraphQLType, description: str) -> None:
        super().__init__(name, (StrawberryAnnotation(of), StrawberryAnnotation(ITEM_ERROR)), description)
        self._done = definition_of(of).name

    def get_type_resolver(self, _: Any) -> Any:
        return lambda source, *_: "ItemError" if isinstance(source, Failure) else self._done


def bulk_create_field(root: Root) -> StrawberryField:
    """`createXs(inputs:, onError:, idempotencyKey:)`, named after the entity set."""
    spec, types = root.spec, root.types
    told = f"What became of one {spec.name}: the object, or why there is none."
    union = OutcomeUnion(f"Create{spec.name}Result", types.object, told)
    inputs = build_argument("inputs", list_of(types.create_input), f"The {spec.entity_set} to create.")
    description = f"Creates many {spec.entity_set}, 20 in one call to Graph; each has its own outcome."
    return _field(root, Operation.CREATE, union, description, _creating(root), inputs, key_argument(MANY_KEYS))


def bulk_delete_field(root: Root) -> StrawberryField:
    """`deleteXs(ids:, onError:)`, named after the entity set."""
    spec, key = root.spec, root.spec.key
    of = build_field(key.name, strawberry.ID, key.description)
    deleted = build_object(f"Deleted{spec.name}", f"A {spec.name} that is there no more.", [of])
    told = f"What became of one {spec.name}: that it is there no more, or why it still is."
    union = OutcomeUnion(f"Delete{spec.name}Result", deleted, told)
    keys = build_argument(f"{key.name}s", list_of(strawberry.ID), f"Identify the {spec.entity_set} to delete.")
    description = f"Deletes many {spec.entity_set}, 20 in one call to Graph; each has its own outcome."
    return _field(root, Operation.DELETE, union, description, _deleting(root, keys.graphql_name or ""), keys)


def _field(
    root: Root,
    operation: Operation,
    result: OutcomeUnion,
    description: str,
    resolver: Resolver,
    *arguments: StrawberryArgument,
) -> StrawberryField:
    """The field; the first of its arguments has the items."""
    spec, verb = root.spec, str(operation.name).lower()
    name = f"{verb}{spec.entity_set[0].upper()}{spec.entity_set[1:]}"
    items, *more = arguments
    results = build_field("results", list_of(result), f"One for each of `{items.graphql_name}`, in their order.")
    payload = build_object(f"{name[0].upper()}{name[1:]}Payload", f"What became of the {spec.entity_set}.", [results])
    on_error = build_argument("onError", OnError, "What to do after an item that failed.", default=OnError.CONTINUE)
    access = access_to(spec, operation)
    given = (*parent_arguments(root), items, on_error, *more)
    return build_asking(name, optional(payload), description, access, resolver, *given)


def _creating(root: Root) -> Resolver:
    async def resolve(ask: Ask) -> Mapping[str, Any]:
        context, inputs = ask.context, ask.arguments["inputs"]
        _check_count("inputs", inputs, context.max_bulk_items)
        place = root.place(ask.arguments)
        requests = [to_create(place, each, f"inputs.{index}") for index, each in enumerate(inputs)]
        loader, key, stop = context.loader, given_key(ask), _stops(ask)
        results: Sequence[Result]
        if key is None:
            results = await loader.write_all(requests, stop=stop)
        else:
            keyed = [(f"{key}#{index}", request) for index, request in enumerate(requests)]
            results = await create_with_keys(ask, place, keyed, partial(loader.send_all, stop=stop), stop=stop)
        names = root.types.names(ask.selection.get("results", {}))
        reading = [
            _source(read_result(context, place, each, names, f"{ask.key}.results.{index}"))
            for index, each in enumerate(results)
        ]
        return {"results": await asyncio.gather(*reading)}

    return resolve


def _deleting(root: Root, argument: str) -> Resolver:
    async def resolve(ask: Ask) -> Mapping[str, Any]:
        keys = ask.arguments[argument]
        _check_count(argument, keys, ask.context.max_bulk_items)
        place, name = root.place(ask.arguments), root.spec.key.name
        requests = [to_delete(place, each, f"{argument}.{index}") for index, each in enumerate(keys)]
        outcomes = await ask.context.loader.write_all(requests, stop=_stops(ask))
        return {
            "results": [
                _failure(outcome) if isinstance(outcome, GatewayError) else {name: key}
                for key, outcome in zip(keys, outcomes, strict=True)
            ]
        }

    return resolve


def _stops(ask: Ask) -> bool:
    return ask.arguments["onError"] is OnError.STOP


def _check_count(argument: str, items: Collection[Any], most: int) -> None:
    if not items:
        raise BadUserInputError(f"`{argument}` must not be empty.", fields=(argument,))
    if len(items) > most:
        raise BadUserInputError(
            f"`{argument}` has {len(items)} items. Allowed: {most} (GATEWAY_MAX_BULK_ITEMS).", fields=(argument,)
        )


async def _source(reading: Awaitable[Entity]) -> Entity:
    try:
        return await reading
    except GatewayError as error:
        return _failure(error)


def _failure(error: GatewayError) -> Failure:
    return Failure(message=error.message, **error.extensions)
