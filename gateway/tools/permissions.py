"""Which delegated permissions documents need, field by field: what to put into an app registration.

The schema's fields know what they ask of Microsoft Graph (`schema.access`); nothing here knows a name of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

from gateway.documents import DocumentError, Documents
from gateway.errors import OperationLimitError
from gateway.resources.reference import Access
from gateway.schema.access import asking_of
from gateway.tools.table import to_table

BY_CONVENTION: Final = "by convention"
NONE_NAMED: Final = "(none named)"
READS, READS_AND_WRITES = ".Read.", ".ReadWrite."

Needs = Mapping[str, Access]
"""Field, as `Type.field`, → what it takes."""


class UnusableDocumentError(Exception):
    """A document that the gateway would refuse; the message has a line `FILE:LINE:COLUMN: WHAT` for each fault."""


def needs_of_text(documents: Documents, text: str, file: str, schema: GraphQLSchema) -> Needs:
    """Of all operations in the document. Raises `UnusableDocumentError`."""
    try:
        document = documents.load(text).node
    except OperationLimitError as error:
        raise UnusableDocumentError(f"{file}: {error.message}") from None
    except DocumentError as error:
        raise UnusableDocumentError(
            "\n".join(
                f"{file}:{location.line}:{location.column}: {each.message}"
                for each in error.errors
                for location in (each.locations or [])[:1]
            )
        ) from None
    return _needs_of(document, schema)


def needs_of_schema(schema: GraphQLSchema) -> Needs:
    """Of every field that there is, those of `Query` and `Mutation` first."""
    roots = [each for each in (schema.query_type, schema.mutation_type) if each]
    types = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType) and each not in roots]
    return {
        f"{each.name}.{name}": asking.access
        for each in [*roots, *types]
        for name, field in each.fields.items()
        if (asking := asking_of(field))
    }


def to_permissions(needs: Needs) -> list[str]:
    """All that are needed together, sorted. One to write includes the one to read."""
    named = {each.permission for each in needs.values() if each.permission}
    return sorted(each for each in named if READS not in each or each.replace(READS, READS_AND_WRITES) not in named)


def to_text(needs: Needs) -> str:
    """The table, and below it the line to copy."""
    rows = [(field, each.permission or NONE_NAMED, each.page or BY_CONVENTION) for field, each in needs.items()]
    table = to_table([("FIELD", "LEAST PERMISSION", "GRAPH PAGE"), *rows])
    unnamed = sum(each.permission is None for each in needs.values())
    told = [
        table,
        f"Delegated permissions: {' '.join(to_permissions(needs)) or 'none'}\n",
        f"Fields for which Microsoft names none: {unnamed}\n" if unnamed else "",
    ]
    return "\n".join(each for each in told if each)


def to_json(needs: Needs) -> dict[str, Any]:
    fields = [
        {"field": field, "permission": each.permission, "page": each.page, "documented": each.page is not None}
        for field, each in needs.items()
    ]
    return {"permissions": to_permissions(needs), "fields": fields}


def _needs_of(document: DocumentNode, schema: GraphQLSchema) -> Needs:
    types = TypeInfo(schema)
    fields = _Fields(types)
    visit(document, TypeInfoVisitor(types, fields))
    return fields.needs


class _Fields(Visitor):
    """Collects what the fields need, in the order of the text."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.needs: dict[str, Access] = {}
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, field = self._types.get_parent_type(), self._types.get_field_def()
        assert parent is not None, "a valid document has fields of the schema only"
        assert field is not None
        if asking := asking_of(field):
            self.needs[f"{parent.name}.{node.name.value}"] = asking.access
