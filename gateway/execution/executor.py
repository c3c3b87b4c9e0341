"""Runs operations: by a plan where there is one, else by graphql-core, which has the last word on what is unusual."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import islice, product
from typing import Any, Final
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
)
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from gateway.documents import Document, Prepared
from gateway.execution.coercion import CoerceVariables, Coercion
from gateway.execution.compiler import UncompilableError, compile_operation
from gateway.execution.plan import Plan, UnusualError
from gateway.schema.context import Context
from gateway.telemetry import CacheSizes

MAX_COERCION_ERRORS: Final = 10

MOST_PLANS: Final = 16
"""Of one operation: two to the power of its variables in `@skip` and `@include`, of which few are in use."""

PLANNED, REPLAYED, INTERPRETED = "planned", "replayed", "interpreted"
"""How an operation was run: by its plan; by its plan and then again by graphql-core; by graphql-core alone."""


class Executor:
    """One for each schema. `count` is told the way of each operation.

    `compiled`: whether there are plans at all; they live as long as their documents. `suggestions`: whether errors
    suggest names.
    """

    def __init__(
        self, schema: GraphQLSchema, *, compiled: bool, suggestions: bool, count: Callable[[str], None]
    ) -> None:
        self._schema = schema
        self._compiled = compiled
        self._suggestions = suggestions
        self._count = count
        self._coercion = Coercion(schema)
        self._operations: WeakKeyDictionary[Document, dict[str | None, _Compiled]] = WeakKeyDictionary()

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"plans": lambda: sum(each.plans for names in self._operations.values() for each in names.values())}

    async def run(
        self, prepared: Prepared, name: str | None, variables: Mapping[str, Any], context: Context
    ) -> ExecutionResult:
        """The result of the operation with the name, with graphql-core's errors. Raises `DocumentError`."""
        way = INTERPRETED
        try:
            data = await self._run_plan(prepared.document, name, {**variables, **prepared.literals}, context)
        except UncompilableError:
            pass
        except UnusualError:
            context.loader.rewind()
            way = REPLAYED
        else:
            self._count(PLANNED)
            return ExecutionResult(data, None)
        result = execute(
            self._schema,
            prepared.whole().node,
            context_value=context,
            variable_values=dict(variables),
            operation_name=name,
            max_coercion_errors=MAX_COERCION_ERRORS,
            hide_suggestions=not self._suggestions,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # is declared as a mere bool
        )
        self._count(way)
        return _in_order(await result if isinstance(result, Awaitable) else result)

    def compile(self, document: Document) -> None:
        """Makes the plans that the document's operations can have, so that the first request finds them."""
        if not self._compiled:
            return
        for operation in document.operations:
            declared = {each.variable.name.value for each in operation.variable_definitions or ()}
            switches = [each for each in document.switches if each in declared]
            compiled = self._find(document, operation.name.value if operation.name else None)
            for values in islice(product((False, True), repeat=len(switches)), MOST_PLANS):
                with suppress(UncompilableError):
                    compiled.plan(dict(zip(switches, values, strict=True)))

    async def _run_plan(
        self, document: Document, name: str | None, variables: Mapping[str, Any], context: Context
    ) -> dict[str, Any]:
        """The data; raises `UncompilableError`, or `UnusualError` once something may have been sent."""
        if not self._compiled:
            raise UncompilableError("there are to be no plans")
        compiled = self._find(document, name)
        try:
            values = compiled.coerce(variables)
        except Exception as failure:  # whatever it is that a scalar raises, graphql-core says what is wrong
            raise UncompilableError("variables that are not as declared") from failure
        # A plan outlives its first caller, whose other variables it must not keep.
        switches = {each: values[each] for each in document.switches if each in values}
        return await compiled.plan(switches).run(context, values)

    def _find(self, document: Document, name: str | None) -> "_Compiled":
        compiled = self._operations.setdefault(document, {})
        if name not in compiled:
            operation = document.operation(name)
            compiled[name] = _Compiled(
                self._schema, document.fragments, operation, self._coercion.of_variables(operation)
            )
        return compiled[name]


class _Compiled:
    """An operation: how variables are coerced, and plans by the values of those that decide what is selected."""

    __slots__ = ("_fragments", "_operation", "_plans", "_schema", "coerce")

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        coerce: CoerceVariables,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        self._plans: LRUCache[Any, Plan | None] = LRUCache(MOST_PLANS)
        self.coerce = coerce

    @property
    def plans(self) -> int:
        """So many have been made and are kept."""
        return len(self._plans)

    def plan(self, switches: dict[str, Any]) -> Plan:
        """Raises `UncompilableError` if there is none."""
        key = tuple(switches.items())
        if key not in self._plans:
            self._plans[key] = self._compile(switches)
        plan = self._plans[key]
        if plan is None:
            raise UncompilableError("something that graphql-core alone knows")
        return plan

    def _compile(self, switches: dict[str, Any]) -> Plan | None:
        try:
            return compile_operation(self._schema, self._operation, self._fragments, VariableValues({}, switches))
        except (UncompilableError, GraphQLError):
            return None


def _in_order(result: ExecutionResult) -> ExecutionResult:
    """The errors in the order of the document and of rows, whichever came first: nobody should depend on that."""
    return ExecutionResult(result.data, sorted(result.errors, key=_place) if result.errors else None)


def _place(error: GraphQLError) -> tuple[tuple[int, int], list[tuple[int, str]]]:
    line, column = error.locations[0] if error.locations else (0, 0)
    path = error.path or ()
    return (line, column), [(each, "") if isinstance(each, int) else (0, each) for each in path]
