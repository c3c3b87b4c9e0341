"""Managed tenants and what a service provider attaches to them.

https://learn.microsoft.com/graph/api/resources/managedtenants-tenanttag?view=graph-rest-beta
"""

from gateway.resources.base import (
    CREATE,
    DELETE,
    GET,
    LIST,
    OPTIONAL,
    REQUIRED,
    UPDATE,
    Complex,
    Resource,
    instant,
    key,
    many,
    text,
)


class TenantInfo(Complex):
    """Names one managed tenant."""

    tenantId = text("Entra tenant id of the managed tenant.")


class TenantTag(
    Resource,
    entity_set="tenantTags",
    documented=LIST | GET | CREATE | UPDATE | DELETE,
    read_permission="ManagedTenants.Read.All",
    write_permission="ManagedTenants.ReadWrite.All",
):
    """A label that a service provider puts on managed tenants."""

    id = key("Identifies the tag. Assigned by Microsoft Graph.")
    displayName = text("Name of the tag, as people see it.", on_create=REQUIRED, on_update=OPTIONAL)
    description = text("What the tag is for.", on_create=OPTIONAL, on_update=OPTIONAL)
    tenants = many(TenantInfo, "The managed tenants that carry the tag.", on_update=OPTIONAL)
    createdByUserId = text("Entra id of the user who made the tag.")
    createdDateTime = instant("When the tag was made.")
    lastActionByUserId = text("Entra id of the user who last changed the tag.")
    lastActionDateTime = instant("When the tag was last changed.")
    deletedDateTime = instant("When the tag was deleted, if it was.")
