"""Runs operations: by a plan where there is one, else by graphql-core, which has the last word on what is unusual."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cachetools import LRUCache
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationDefinitionNode, execute, get_variable_values
from graphql.execution.values import VariableValues

from gateway.documents import Document
from gateway.execution.compiler import UncompilableError, compile_operation
from gateway.execution.plan import Plan, UnusualError
from gateway.schema.context import Context

MAX_COERCION_ERRORS: Final = 10

PLANNED, REPLAYED, INTERPRETED = "planned", "replayed", "interpreted"
"""How an operation was run: by its plan; by its plan and then again by graphql-core; by graphql-core alone."""


class Executor:
    """One for each schema. `count` is told the way of each operation.

    Plans are kept in a cache bounded in entries and, by the text of their documents, in bytes. `compiled`: whether
    there are plans at all. `suggestions`: whether errors suggest names.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        compiled: bool,
        suggestions: bool,
        cache_entries: int,
        cache_bytes: int,
        count: Callable[[str], None],
    ) -> None:
        self._schema = schema
        self._compiled = compiled
        self._suggestions = suggestions
        self._count = count
        share = max(1, cache_bytes // cache_entries)
        self._plans: LRUCache[Any, Plan | None] = LRUCache(cache_bytes, lambda _: share)

    async def run(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Context,
    ) -> ExecutionResult:
        """The result, with graphql-core's errors."""
        way, values = INTERPRETED, self._coerced(operation, variables)
        plan = None if values is None else self._plan(document, operation, values)
        if plan is not None and values is not None:
            try:
                data = await plan.run(context, values)
            except UnusualError:
                context.loader.rewind()
                way = REPLAYED
            else:
                self._count(PLANNED)
                return ExecutionResult(data, None)
        self._count(way)
        result = execute(
            self._schema,
            document.node,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.name.value if operation.name else None,
            max_coercion_errors=MAX_COERCION_ERRORS,
            hide_suggestions=not self._suggestions,
        )
        return _in_order(await result if isinstance(result, Awaitable) else result)

    def _coerced(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> VariableValues | None:
        """The variables; None if there are to be no plans, or if graphql-core must say what is wrong with them."""
        if not self._compiled:
            return None
        definitions = operation.variable_definitions or ()
        values = get_variable_values(self._schema, definitions, dict(variables), max_errors=1)
        return values if isinstance(values, VariableValues) else None

    def _plan(self, document: Document, operation: OperationDefinitionNode, values: VariableValues) -> Plan | None:
        name = operation.name.value if operation.name else None
        # A plan outlives its first caller, whose other variables it must not keep.
        switches = {each: values.coerced[each] for each in document.switches if each in values.coerced}
        key = (document.text, name, tuple(switches.items()))
        if key not in self._plans:
            try:
                plan = compile_operation(self._schema, operation, document.fragments, VariableValues({}, switches))
            except (UncompilableError, GraphQLError):
                plan = None
            self._plans[key] = plan
        return self._plans[key]


def _in_order(result: ExecutionResult) -> ExecutionResult:
    """The errors in the order of the document and of rows, whichever came first: nobody should depend on that."""
    return ExecutionResult(result.data, sorted(result.errors, key=_place) if result.errors else None)


def _place(error: GraphQLError) -> tuple[tuple[int, int], list[tuple[int, str]]]:
    line, column = error.locations[0] if error.locations else (0, 0)
    path = error.path or ()
    return (line, column), [(each, "") if isinstance(each, int) else (0, each) for each in path]
