"""A catalogue that has one of everything the tools tell apart."""

from gateway.resources.base import (
    CREATE,
    GET,
    LIST,
    REQUIRED,
    Complex,
    Enumeration,
    Resource,
    action,
    int32,
    key,
    link,
    links,
    many,
    member,
    one,
    text,
    texts,
)
from gateway.resources.model import Model

READ, WRITE = "ManagedTenants.Read.All", "ManagedTenants.ReadWrite.All"


class Level(Enumeration):
    """How grave something is."""

    low = member("Not very.")
    high = member("Very.")


class Channel(Enumeration, flags=True):
    """How people are told."""

    email = member("By mail.")


class ActionUrl(Complex, namespace="microsoft.graph"):
    """Where to read more."""

    url = text("Its address.")


class Note(Complex):
    """What somebody wrote."""

    urls = many(ActionUrl, "Where to read more.")
    channel = one(Channel, "How it was told.")


class Tenant(
    Resource,
    entity_set="tenants",
    documented=LIST | GET,
    read_permission=READ,
    write_permission=WRITE,
    joined_by="tenantId",
):
    """A managed tenant."""

    id = key("Identifies the tenant.")
    tenantId = text("Its Entra id.")  # noqa: N815 - as in Graph
    offboard = action("Lets it go.", wire_name="offboardTenant", returns="Tenant")


class Alert(Resource, entity_set="alerts", documented=LIST | GET | CREATE, read_permission="Alerts.Read.All"):
    """Something happened."""

    id = key("Identifies the alert.")
    tenantId = text("Where it happened.", on_create=REQUIRED)  # noqa: N815 - as in Graph
    level = one(Level, "How grave it is.")
    logs = links("Log", "What was noted about it.")
    resolve = action(
        "Ends all | some.", returns=Note, on_set=True, documented=False, parameters={"reasons": texts("Why.")}
    )
    find = action("Finds some.", returns="Alert", returns_list=True, on_set=True, permission=READ)


class Log(Resource, entity_set="logs", within="Alert"):
    """A note about an alert."""

    id = key("Identifies the note.")
    count = int32("How often it was noted.")
    note = one(Note, "What was noted.")
    alert = link("Alert", "What it is about.")


SMALL = (Tenant.spec, Alert.spec, Log.spec)
MODEL = Model(SMALL)
