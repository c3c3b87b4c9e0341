"""Runs operations: by a plan where there is one, else by graphql-core, which has the last word on what is unusual."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cachetools import LRUCache
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationDefinitionNode, execute
from graphql.execution.values import VariableValues

from gateway.documents import Document
from gateway.execution.coercion import CoerceVariables, Coercion
from gateway.execution.compiler import UncompilableError, compile_operation
from gateway.execution.plan import Plan, UnusualError
from gateway.schema.context import Context

MAX_COERCION_ERRORS: Final = 10

MOST_PLANS: Final = 16
"""Of one operation: two to the power of its variables in `@skip` and `@include`, of which few are in use."""

PLANNED, REPLAYED, INTERPRETED = "planned", "replayed", "interpreted"
"""How an operation was run: by its plan; by its plan and then again by graphql-core; by graphql-core alone."""


class Executor:
    """One for each schema. `count` is told the way of each operation.

    Compiled operations are kept in a cache bounded in entries and, by the share of each, in bytes. `compiled`: whether
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
        self._coercion = Coercion(schema)
        share = max(1, cache_bytes // cache_entries)
        self._operations: LRUCache[tuple[str, str | None], _Compiled] = LRUCache(cache_bytes, lambda _: share)

    async def run(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Context,
    ) -> ExecutionResult:
        """The result, with graphql-core's errors."""
        way = INTERPRETED
        try:
            data = await self._run_plan(document, operation, variables, context)
        except UncompilableError:
            pass
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

    async def _run_plan(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Context,
    ) -> dict[str, Any]:
        """The data; raises `UncompilableError`, or `UnusualError` once something may have been sent."""
        if not self._compiled:
            raise UncompilableError("there are to be no plans")
        compiled = self._find(document, operation)
        try:
            values = compiled.coerce(variables)
        except Exception as failure:  # whatever it is that a scalar raises, graphql-core says what is wrong
            raise UncompilableError("variables that are not as declared") from failure
        # A plan outlives its first caller, whose other variables it must not keep.
        switches = {each: values[each] for each in document.switches if each in values}
        return await self._plan(compiled, document, operation, switches).run(context, values)

    def _find(self, document: Document, operation: OperationDefinitionNode) -> "_Compiled":
        key = (document.text, operation.name.value if operation.name else None)
        compiled = self._operations.get(key)
        if compiled is None:
            compiled = self._operations[key] = _Compiled(self._coercion.of_variables(operation))
        return compiled

    def _plan(
        self,
        compiled: "_Compiled",
        document: Document,
        operation: OperationDefinitionNode,
        switches: dict[str, Any],
    ) -> Plan:
        key = tuple(switches.items())
        if key not in compiled.plans:
            plan: Plan | None
            try:
                plan = compile_operation(self._schema, operation, document.fragments, VariableValues({}, switches))
            except (UncompilableError, GraphQLError):
                plan = None
            compiled.plans[key] = plan
        found = compiled.plans[key]
        if found is None:
            raise UncompilableError("something that graphql-core alone knows")
        return found


class _Compiled:
    """An operation: how its variables are coerced, and its plans by the values of those that decide what is selected.

    None is the plan of one that has no plan.
    """

    __slots__ = ("coerce", "plans")

    def __init__(self, coerce: CoerceVariables) -> None:
        self.coerce = coerce
        self.plans: LRUCache[Any, Plan | None] = LRUCache(MOST_PLANS)


def _in_order(result: ExecutionResult) -> ExecutionResult:
    """The errors in the order of the document and of rows, whichever came first: nobody should depend on that."""
    return ExecutionResult(result.data, sorted(result.errors, key=_place) if result.errors else None)


def _place(error: GraphQLError) -> tuple[tuple[int, int], list[tuple[int, str]]]:
    line, column = error.locations[0] if error.locations else (0, 0)
    path = error.path or ()
    return (line, column), [(each, "") if isinstance(each, int) else (0, each) for each in path]
