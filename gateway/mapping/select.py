"""Names that a caller selected → `$select`.

https://learn.microsoft.com/graph/query-parameters#select
"""

from collections.abc import Iterable

from gateway.resources.spec import ResourceSpec


def to_select(spec: ResourceSpec, names: Iterable[str]) -> tuple[str, str]:
    """The query option; the key is always in it, and the order is the declaration's, so that equal sets are equal."""
    wanted = {*names, spec.key.name}
    return "$select", ",".join(each.name for each in spec.properties if each.name in wanted)
