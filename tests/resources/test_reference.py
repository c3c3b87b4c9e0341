"""What requests need of their caller, and where the Graph reference has its pages."""

from gateway.resources.base import GET, LIST, Resource, action, key
from gateway.resources.catalog import CATALOG
from gateway.resources.reference import Access, access_by_link, access_to, access_to_action
from gateway.resources.spec import Operation

SITE = "https://learn.microsoft.com/graph/api"


class Machine(
    Resource,
    entity_set="machineReports",
    documented=LIST | GET,
    read_permission="Machine.Read.All",
    pages={GET: "machines-get-one"},
):
    """A machine."""

    id = key("Identifies it.")

    stopMachine = action("Stops it.", returns="Machine", wire_name="stopNow", permission="Machine.Stop")  # noqa: N815
    hideMachine = action("Hides it.", returns="Machine", documented=False)  # noqa: N815 - as Graph writes names


def test_a_page_has_its_address_by_pattern_or_by_name() -> None:
    """What rests on convention has none."""
    spec = Machine.spec
    listed = f"{SITE}/managedtenants-managedtenant-list-machinereports?view=graph-rest-beta"
    assert access_to(spec, LIST) == Access("Machine", "Machine.Read.All", listed)
    got = f"{SITE}/machines-get-one?view=graph-rest-beta"
    assert access_to(spec, GET) == Access("Machine", "Machine.Read.All", got)
    assert access_to(spec, Operation.CREATE) == Access("Machine", None, None)
    assert access_by_link(spec, LIST) == Access("Machine", "Machine.Read.All", None)


def test_an_action_has_a_page_if_it_is_documented() -> None:
    """Under Graph's name for it."""
    stop, hide = Machine.spec.actions
    stopped = f"{SITE}/managedtenants-machine-stopnow?view=graph-rest-beta"
    assert access_to_action(Machine.spec, stop) == Access("Machine", "Machine.Stop", stopped)
    assert access_to_action(Machine.spec, hide) == Access("Machine", None, None)


def test_every_documented_operation_of_the_catalogue_has_a_page() -> None:
    """Each its own."""
    pages = [access_to(spec, operation).page for spec in CATALOG for operation in spec.documented]
    assert None not in pages
    assert len(set(pages)) == len(pages)
