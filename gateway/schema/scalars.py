"""The scalars that GraphQL lacks and Microsoft Graph has."""

from typing import Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.instants import to_instant

DateTime = NewType("DateTime", str)
Long = NewType("Long", int)

INT64: Final = range(-(2**63), 2**63)


def _parse_date_time(value: object) -> str:
    """The text with upper-case `T` and `Z`, as OData wants them."""
    if not isinstance(value, str):
        raise ValueError('DateTime must be a string, such as "2026-11-24T09:30:00Z"')  # noqa: TRY004 - graphql-core's contract
    to_instant(value)
    return value.upper()


def _serialize_date_time(value: object) -> str:
    """Graph's own text, unchanged: nothing of its seven fractional digits is lost."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime cannot represent what is no text")  # as graphql-core's own scalars do
    return value


def _to_long(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in INT64:
        raise GraphQLError("Long must be a whole number from -9223372036854775808 to 9223372036854775807")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A date and time with its offset from UTC, as RFC 3339 text: `2026-11-24T09:30:00Z`. "
        "Values from Microsoft Graph are passed on unchanged, with up to seven fractional digits.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_date_time,
        parse_value=_parse_date_time,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of 64 bits with its sign, as a JSON number: -9223372036854775808 to "
        "9223372036854775807. JavaScript's own numbers are exact up to 9007199254740991 only.",
        specified_by_url="https://docs.oasis-open.org/odata/odata-csdl-json/v4.01/odata-csdl-json-v4.01.html#sec_PrimitiveTypes",
        serialize=_to_long,
        parse_value=_to_long,
    ),
}
