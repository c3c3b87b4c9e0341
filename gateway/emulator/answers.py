"""The JSON of answers: an entity, a page of a list, a structured value, each with its control information.

https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html
"""

from collections.abc import Callable, Iterable, Sequence

from gateway.emulator.bodies import ODATA_TYPE
from gateway.emulator.messages import Call, Json
from gateway.emulator.options import Options, cut_page, next_link, shorten
from gateway.emulator.paths import Address, Kind
from gateway.emulator.preferences import preferred
from gateway.emulator.store import Row
from gateway.emulator.values import type_name
from gateway.resources.spec import ROOT_PATH, ComplexSpec, ResourceSpec


def entity_content(call: Call, address: Address, row: Row, options: Options | None = None) -> Json:
    """The entity at the address, or the new one in the set there."""
    place = address.above if address.kind is Kind.ENTITY and not address.link else address
    shown = _shown(call, address.spec, options)
    return {"@odata.context": f"{_context(call, place, options)}/$entity", **shown(row)}


def page_content(call: Call, address: Address, rows: Sequence[Row], options: Options, page_size: int) -> Json:
    """One page of the rows, which match the options already."""
    page, following = cut_page(rows, options, page_size)
    content: dict[str, Json] = {"@odata.context": _context(call, address, options)}
    if options.count:
        content["@odata.count"] = len(rows)
    if following is not None:
        content["@odata.nextLink"] = next_link(call, following)
    content["value"] = list(map(_shown(call, address.spec, options), page))
    return content


def entities_content(call: Call, spec: ResourceSpec, rows: Iterable[Row]) -> Json:
    """The entities that an action returns."""
    context = f"{_metadata(call)}#Collection({spec.odata_type.removeprefix('#')})"
    return {"@odata.context": context, "value": list(map(_shown(call, spec, None), rows))}


def complex_content(call: Call, spec: ComplexSpec, value: Row) -> Json:
    """The structured value that an action returns."""
    kind, seen = type_name(spec), preferred(call, spec.properties)
    return {"@odata.context": f"{_metadata(call)}#{kind}", ODATA_TYPE: f"#{kind}", **seen(value)}


def _shown(call: Call, spec: ResourceSpec, options: Options | None) -> Callable[[Row], dict[str, Json]]:
    seen = preferred(call, spec.properties)
    return lambda row: {ODATA_TYPE: spec.odata_type, **seen(shorten(row, options) if options else row)}


def _metadata(call: Call) -> str:
    return f"{call.origin}/{call.segments[0]}/$metadata"


def _context(call: Call, address: Address | None, options: Options | None) -> str:
    select = f"({','.join(options.select)})" if options and options.select else ""
    return f"{_metadata(call)}#{_canonical(address)}{select}"


def _canonical(address: Address | None) -> str:
    """The path as it stands in a context: keys in parentheses."""
    if address is None:
        return ROOT_PATH.removeprefix("/")
    if address.kind is Kind.ENTITY and not address.link:
        key = address.segment.replace("'", "''")
        return f"{_canonical(address.above)}('{key}')"
    return f"{_canonical(address.above)}/{address.segment}"
