"""Creates with an idempotency key: whose key it is, and what `gateway.idempotency` needs to have done at Graph."""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
)
from strawberry.types.arguments import StrawberryArgument

from gateway.documents import Document
from gateway.errors import BadUserInputError, ForbiddenError, GatewayError, NotFoundError, UpstreamUnsupportedError
from gateway.graph.bulk import Outcome
from gateway.graph.loader import Loader
from gateway.graph.paging import to_page_request
from gateway.graph.request import Entity, GraphRequest
from gateway.graph.transport import Answer
from gateway.idempotency import Errands, Item, Result
from gateway.mapping.place import Place
from gateway.mapping.requests import to_list
from gateway.mapping.sent import is_as_sent
from gateway.schema.context import Ask, Context
from gateway.schema.entities import key_of, read_created, read_entity, to_entity
from gateway.schema.fields import build_argument, optional
from gateway.schema.lists import MAX_FIRST

T = TypeVar("T")

ARGUMENT: Final = "idempotencyKey"

KEY: Final = re.compile(r"[!-~]{1,255}")
"""What a header can carry too (RFC 9110 section 5.5)."""

REFUSALS: Final = (BadUserInputError, ForbiddenError, NotFoundError, UpstreamUnsupportedError)
"""Of a question, by a Graph that has taken the caller's token."""

MOST_PAGES: Final = 4
"""Of objects with the same natural key. With more of them it is not found out which is new."""


def key_argument(description: str) -> StrawberryArgument:
    return build_argument(ARGUMENT, optional(str), description)


def count_creates(schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode) -> int:
    """The fields of the operation that take an idempotency key; whether they are skipped is not looked at."""
    root = schema.get_root_type(operation.operation)
    assert root is not None, "a valid operation has a type"
    fields = {_response_key(each): each.name.value for each in _fields(document, operation.selection_set.selections)}
    takers = {name for name, field in root.fields.items() if ARGUMENT in field.args}
    return sum(name in takers for name in fields.values())


def _fields(document: Document, selections: Iterable[SelectionNode]) -> Iterable[FieldNode]:
    for each in selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, FragmentSpreadNode):
            yield from _fields(document, document.fragments[each.name.value].selection_set.selections)
        else:
            assert isinstance(each, InlineFragmentNode)
            yield from _fields(document, each.selection_set.selections)


def _response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def given_key(ask: Ask) -> str | None:
    """The key for what the field creates, from its argument or the header; raises `BadUserInputError`."""
    key, header_key = ask.arguments.get(ARGUMENT), ask.context.claimant.header_key
    if key is not None:
        check_key(key, f"`{ARGUMENT}`", fields=(ARGUMENT,))
    if key is not None and header_key is not None and key != header_key:
        raise BadUserInputError(f"`{ARGUMENT}` and the header `Idempotency-Key` differ.", fields=(ARGUMENT,))
    if (key or header_key) is not None and ask.context.ledger is None:
        raise BadUserInputError(
            "This gateway keeps no idempotency keys.",
            hint="Its operator can give it a store for them: GATEWAY_STORE_URL.",
            fields=(ARGUMENT,),
        )
    return key or header_key


def check_key(key: str, name: str, fields: tuple[str, ...] = ()) -> None:
    """Raises `BadUserInputError` for a key that is none."""
    if not KEY.fullmatch(key):
        raise BadUserInputError(f"{name} must be 1 to 255 printable ASCII characters, no spaces.", fields=fields)


async def create_with_keys(
    ask: Ask,
    place: Place,
    keyed: Sequence[tuple[str, GraphRequest]],
    send: Callable[[Sequence[GraphRequest]], Awaitable[Sequence[Outcome]]],
    *,
    stop: bool = False,
) -> list[Result]:
    """What became of each create, by its key; raises nothing that is foreseen."""
    context, requests = ask.context, tuple(request for _, request in keyed)
    ledger, claimant = context.ledger, context.claimant
    assert ledger is not None, "without one no key is taken"
    items = [Item.of(request, claimant.caller.partition, key) for key, request in keyed]
    errands = Errands(
        look=lambda item: _look(context, place, item), send=send, to_id=lambda answer: key_of(place, answer)
    )
    return await context.loader.see_through(
        requests,
        lambda: ledger.create(
            items, errands, is_proven=claimant.is_proven, deadline=context.loader.deadline, stop=stop
        ),
    )


async def read_result(context: Context, place: Place, result: Result, names: Iterable[str], path: str) -> Entity:
    """The object that was created, now or before; raises `GatewayError`. `path` is its place in the answer."""
    if isinstance(result, GatewayError):
        raise result
    if isinstance(result, Answer):
        return await read_created(context.loader, place, result, names)
    context.replayed[path] = None
    try:
        return await read_entity(context.loader, place, result.id, names)
    except NotFoundError as error:
        raise NotFoundError(
            f"The {place.spec.name} that was created with this idempotency key, {result.id!r}, is there no more.",
            hint="To create another one take a new key.",
            graph=error.graph,
        ) from error


async def _look(context: Context, place: Place, item: Item) -> frozenset[str] | None:
    """The ids of the objects that are as the item, found by their natural key; None if Graph does not tell.

    Where there is no natural key to ask for, one row is asked for still: Graph says whether it takes the token.
    """
    spec = place.spec
    assert item.request.body is not None, "a create has one"
    sent = orjson.loads(item.request.body)
    natural = {name: {"eq": sent[name]} for name in spec.natural_key if sent.get(name) is not None}
    if not natural or len(natural) < len(spec.natural_key):
        request = to_list(place, (), first=1, given_filter={}, order_by=(), count=False)
        await _caught(context.loader.look(request, place.path))
        return None
    names = [each.name for each in spec.properties if each.name in sent]
    request = to_list(place, names, first=MAX_FIRST, given_filter=natural, order_by=(), count=False)
    rows = await _caught(_read_all(context.loader, request, place.path))
    if rows is None:
        return None
    equal = [to_entity(place, each) for each in rows if is_as_sent(spec.properties, sent, each)]
    keys = frozenset(entity[spec.key.name] for entity in equal if entity is not None)
    return keys if len(keys) == len(equal) else None


async def _read_all(loader: Loader, request: GraphRequest, path: str) -> list[Entity] | None:
    """All rows; None if there are too many."""
    rows: list[Entity] = []
    for _ in range(MOST_PAGES):
        page = await loader.look(request, path)
        rows += page.rows
        if page.next_target is None:
            return rows
        request = to_page_request(request, page.next_target)
    return None


async def _caught(looking: Awaitable[T]) -> T | None:
    """What was found; None if Graph refuses the question, but not if it refuses the caller or cannot answer now."""
    try:
        return await looking
    except REFUSALS:
        return None
