"""What a plan is made of, and how it is run.

A plan follows the happy path of https://spec.graphql.org/October2021/#sec-Executing-Operations only: it asks by the
schema's own resolvers and completes by the schema's own types. Whatever else happens is `UnusualError`, and the
operation is run again by graphql-core, which says what it means; the loader answers what was asked before.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.schema.context import Ask, Context, Resolver, SelectionTree


class UnusualError(Exception):
    """A value, or an answer, of which graphql-core must say what it means."""


@dataclass(slots=True)
class Pending:
    """A field that asks, of an object that is there: its value goes into `completed` under the field's key."""

    completed: dict[str, Any]
    source: Any
    field: "AskingField"


Complete = Callable[[Any, list[Pending]], Any]
"""A field's source → its value in the answer; fields below that ask are added to the list. Raises `UnusualError`."""


BindArguments = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Values of variables → those of a field's arguments. Raises `UnusualError`, or what graphql-core raises."""


@dataclass(frozen=True, slots=True)
class AskingField:
    """A field whose value is asked for."""

    key: str
    resolver: Resolver
    arguments: BindArguments
    selection: SelectionTree
    complete: Complete


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled operation. Root fields of a mutation are run one after another, others side by side.

    `data` has all keys of the answer in their order, with what is known already.
    """

    data: Mapping[str, Any]
    fields: tuple[AskingField, ...]
    is_serial: bool

    async def run(self, context: Context, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The operation's data; raises `UnusualError`."""
        data = dict(self.data)
        pending = [Pending(data, None, field) for field in self.fields]
        if self.is_serial:
            for each in pending:
                await _settle(each, context, variables)
        else:
            await _settle_all(pending, context, variables)
        return data


async def _settle_all(pending: Sequence[Pending], context: Context, variables: Mapping[str, Any]) -> None:
    """All of them, side by side; as with graphql-core a failure does not stop the others."""
    if len(pending) == 1:
        return await _settle(pending[0], context, variables)
    outcomes = await asyncio.gather(*(_settle(each, context, variables) for each in pending), return_exceptions=True)
    for each in outcomes:
        if each is not None:
            raise each
    return None


async def _settle(pending: Pending, context: Context, variables: Mapping[str, Any]) -> None:
    field, below = pending.field, list[Pending]()
    try:
        ask = Ask(context, field.key, pending.source, field.arguments(variables), field.selection)
        source = await field.resolver(ask)
        pending.completed[field.key] = field.complete(source, below)
    except Exception as failure:
        raise UnusualError from failure
    if below:
        await _settle_all(below, context, variables)
