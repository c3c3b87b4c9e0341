"""Windows 365 in the managed tenants.

https://learn.microsoft.com/graph/api/resources/managedtenants-cloudpcconnection?view=graph-rest-beta
"""

from gateway.resources.base import GET, LIST, OPTIONAL, REQUIRED, Resource, instant, key, text


class CloudPcConnection(
    Resource,
    entity_set="cloudPcConnections",
    documented=LIST | GET,
    read_permission="CloudPC.Read.All",
    write_permission="CloudPC.ReadWrite.All",
):
    """The network connection of a managed tenant that its Cloud PCs use, and the state of its health check."""

    id = key("Identifies the connection. Assigned by Microsoft Graph.", on_create=OPTIONAL)
    displayName = text("Name of the connection, as people see it.", on_create=REQUIRED, on_update=OPTIONAL)
    tenantId = text("Entra tenant id of the managed tenant.", on_create=REQUIRED, on_update=OPTIONAL)
    tenantDisplayName = text("Name of the managed tenant.", on_create=REQUIRED, on_update=OPTIONAL)
    healthCheckStatus = text(
        "State of the connection's health check. Known values: pending, running, passed, failed, unknownFutureValue; "
        "Microsoft Graph also sends others, and sometimes with a capital letter.",
        on_create=REQUIRED,
        on_update=OPTIONAL,
    )
    lastRefreshedDateTime = instant(
        "When the multi-tenant platform last refreshed this object.", on_create=REQUIRED, on_update=OPTIONAL
    )
