"""The input object of a mutation → the JSON body of a create or an update.

Sent is what the caller gave and the type's name, nothing else: an absent member stays absent, a null is sent as null.
https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_Entity
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.resources.spec import ResourceSpec


def to_body(spec: ResourceSpec, given: Mapping[str, Any]) -> bytes:
    """JSON text. `@odata.type` comes first, as OData wants it, and is never the caller's."""
    ours = {"@odata.type": spec.odata_type}
    return orjson.dumps(ours | dict(given) | ours)
