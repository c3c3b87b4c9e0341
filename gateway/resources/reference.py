"""Where the Graph reference describes an operation.

The reference names its pages by a pattern; `ResourceSpec.pages` has those that do not follow it.
"""

from typing import Final

from gateway.resources.spec import ActionSpec, Operation, ResourceSpec

SITE: Final = "https://learn.microsoft.com/graph/api"
VIEW: Final = "view=graph-rest-beta"


def page_of(spec: ResourceSpec, operation: Operation) -> str | None:
    """The address of the page about an operation; None for one by convention."""
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


def page_of_action(spec: ResourceSpec, action: ActionSpec) -> str | None:
    """The address of the page about an action; None for one without."""
    if not action.documented:
        return None
    return _address(f"managedtenants-{spec.entity_type.lower()}-{action.wire_name.lower()}")


def _address(page: str) -> str:
    return f"{SITE}/{page}?{VIEW}"
