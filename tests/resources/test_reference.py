"""Where the Graph reference has its pages."""

from gateway.resources.base import GET, LIST, Resource, action, key
from gateway.resources.catalog import CATALOG
from gateway.resources.reference import page_of, page_of_action
from gateway.resources.spec import Operation

SITE = "https://learn.microsoft.com/graph/api"


class Machine(Resource, entity_set="machineReports", documented=LIST | GET, pages={GET: "machines-get-one"}):
    """A machine."""

    id = key("Identifies it.")

    stopMachine = action("Stops it.", returns="Machine", wire_name="stopNow")  # noqa: N815 - as Graph writes names
    hideMachine = action("Hides it.", returns="Machine", documented=False)  # noqa: N815 - as Graph writes names


def test_a_page_has_its_address_by_pattern_or_by_name() -> None:
    """What rests on convention has none."""
    spec = Machine.spec
    assert page_of(spec, LIST) == f"{SITE}/managedtenants-managedtenant-list-machinereports?view=graph-rest-beta"
    assert page_of(spec, GET) == f"{SITE}/machines-get-one?view=graph-rest-beta"
    assert page_of(spec, Operation.CREATE) is None
    stop, hide = spec.actions
    assert page_of_action(spec, stop) == f"{SITE}/managedtenants-machine-stopnow?view=graph-rest-beta"
    assert page_of_action(spec, hide) is None


def test_every_documented_operation_of_the_catalogue_has_a_page() -> None:
    """Each its own."""
    pages = [page_of(spec, operation) for spec in CATALOG for operation in spec.documented]
    assert None not in pages
    assert len(set(pages)) == len(pages)
