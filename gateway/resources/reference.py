"""What a request to Microsoft Graph needs of its caller, and where the Graph reference says so.

The reference names its pages by a pattern; `ResourceSpec.pages` has those that do not follow it.
"""

from dataclasses import dataclass
from typing import Final

from gateway.resources.spec import ActionSpec, Operation, ResourceSpec

SITE: Final = "https://learn.microsoft.com/graph/api"
VIEW: Final = "view=graph-rest-beta"


@dataclass(frozen=True, slots=True)
class Access:
    """A kind of request about the entities of a resource, which is named.

    `permission` is the least privileged delegated one, None where Microsoft names none; `page` is the address of the
    page about it, None if it rests on OData's conventions only.
    """

    resource: str
    permission: str | None
    page: str | None


def access_to(spec: ResourceSpec, operation: Operation) -> Access:
    """For an operation on the entity set."""
    return Access(spec.name, spec.permissions[operation], _page_of(spec, operation))


def access_by_link(spec: ResourceSpec, operation: Operation) -> Access:
    """For the same from another entity: the reference has no page about any link."""
    return Access(spec.name, spec.permissions[operation], None)


def access_to_action(spec: ResourceSpec, action: ActionSpec) -> Access:
    page = f"managedtenants-{spec.entity_type.lower()}-{action.wire_name.lower()}"
    return Access(spec.name, action.permission, _address(page) if action.documented else None)


def _page_of(spec: ResourceSpec, operation: Operation) -> str | None:
    if operation not in spec.documented:
        return None
    of_set, of_type = spec.entity_set.lower(), spec.entity_type.lower()
    patterns = {
        Operation.LIST: f"managedtenants-managedtenant-list-{of_set}",
        Operation.GET: f"managedtenants-{of_type}-get",
        Operation.CREATE: f"managedtenants-managedtenant-post-{of_set}",
        Operation.UPDATE: f"managedtenants-{of_type}-update",
        Operation.DELETE: f"managedtenants-{of_type}-delete",
    }
    return _address(spec.pages.get(operation, patterns[operation]))


def _address(page: str) -> str:
    return f"{SITE}/{page}?{VIEW}"
