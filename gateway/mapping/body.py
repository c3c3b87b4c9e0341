"""The input object of a mutation → the JSON body of a create or an update, or of an action.

Sent is what the caller gave and the type's name, nothing else: an absent member stays absent, a null is sent as null.
https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_Entity
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.mapping.values import to_json
from gateway.resources.spec import ActionSpec, ResourceSpec


def to_body(spec: ResourceSpec, given: Mapping[str, Any], path: str = "input") -> bytes:
    """JSON text. `@odata.type` comes first, as OData wants it, and is never the caller's. `path` is for errors."""
    return orjson.dumps({"@odata.type": spec.odata_type} | to_json(spec.properties, given, path))


def to_parameters(action: ActionSpec, given: Mapping[str, Any]) -> bytes:
    """JSON text; an action without parameters is sent an empty object."""
    return orjson.dumps(to_json(action.parameters, given, ""))
