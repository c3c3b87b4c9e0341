"""Managed tenants and what a service provider attaches to them.

https://learn.microsoft.com/graph/api/resources/managedtenants-tenant?view=graph-rest-beta
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
    Enumeration,
    Resource,
    action,
    boolean,
    instant,
    int32,
    key,
    many,
    member,
    one,
    text,
    texts,
)
from gateway.resources.identity import DelegatedPrivilegeStatus
from gateway.resources.management import ManagementActionInfo, ManagementIntentInfo


class TenantOnboardingStatus(Enumeration):
    """Whether the multi-tenant platform manages a tenant."""

    ineligible = member("It cannot: the tenant does not meet a requirement.")
    inProcess = member("It is about to: onboarding has begun.")
    active = member("It does.")
    inactive = member("It does not, for instance after the tenant was offboarded.")
    disabled = member("It does not: that was disabled for the tenant.")


class TenantOnboardingEligibilityReason(Enumeration):
    """The requirement that decides whether a tenant can be onboarded."""

    none = member("No requirement is named.")
    contractType = member("The kind of contract with the service provider.")
    delegatedAdminPrivileges = member("The service provider's delegated privileges.")
    usersCount = member("The number of users in the tenant.")
    license = member("The tenant's licences.")


class WorkloadOnboardingStatus(Enumeration):
    """Whether the multi-tenant platform manages a workload of a tenant."""

    notOnboarded = member("It does not.")
    onboarded = member("It does.")


class TenantInfo(Complex):
    """Names one managed tenant."""

    tenantId = text("Entra tenant id of the managed tenant.")


class TenantContract(Complex):
    """The contract between a managed tenant and its service provider."""

    displayName = text("Name of the managed tenant.")
    defaultDomainName = text("Default domain of the managed tenant.")
    contractType = int32("Kind of contract, as a number. Microsoft does not say what the numbers mean.")


class WorkloadStatus(Complex):
    """Whether, and since when, the multi-tenant platform manages one workload of a tenant."""

    displayName = text("Name of the workload, as people see it.")
    onboardingStatus = one(WorkloadOnboardingStatus, "Whether the workload is managed.")
    onboardedDateTime = instant("When the workload was onboarded.")
    offboardedDateTime = instant("When the workload was offboarded, if it was.")


class TenantStatusInformation(Complex):
    """Whether, since when and by which privileges a tenant is managed."""

    onboardingStatus = one(TenantOnboardingStatus, "Whether the multi-tenant platform manages the tenant.")
    tenantOnboardingEligibilityReason = one(
        TenantOnboardingEligibilityReason, "The requirement that decides whether the tenant can be onboarded."
    )
    onboardedByUserId = text("Entra id of the user who onboarded the tenant.")
    onboardedDateTime = instant("When the tenant was onboarded.")
    offboardedByUserId = text("Entra id of the user who offboarded the tenant, if it was.")
    offboardedDateTime = instant("When the tenant was offboarded, if it was.")
    delegatedPrivilegeStatus = one(
        DelegatedPrivilegeStatus, "The kind of privileges by which the service provider administers the tenant."
    )
    lastDelegatedPrivilegeRefreshDateTime = instant("When `delegatedPrivilegeStatus` was last refreshed.")
    workloadStatuses = many(WorkloadStatus, "Whether each workload of the tenant is managed.")


class TenantContactInformation(Complex):
    """Somebody to ask about a managed tenant."""

    name = text("Name of the contact.")
    title = text("Title or role of the contact.")
    email = text("Email address of the contact.")
    phone = text("Phone number of the contact.")
    notes = text("What else there is to know about the contact.")


class Tenant(
    Resource,
    entity_set="tenants",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
    joined_by="tenantId",
):
    """A managed tenant: a customer's Entra tenant that a service provider looks after."""

    id = key("Identifies the managed tenant, by its Entra tenant id.")
    tenantId = text("Entra tenant id of the managed tenant.")
    displayName = text("Name of the managed tenant.")
    contract = one(TenantContract, "The tenant's contract with the service provider.")
    tenantStatusInformation = one(TenantStatusInformation, "Whether and how the tenant is managed.")
    createdDateTime = instant("When the tenant came to the multi-tenant platform.")
    lastUpdatedDateTime = instant("When the multi-tenant platform last updated this object.")

    offboardTenant = action(
        "Takes the tenant out of the multi-tenant platform. Its contract and the delegated privileges stay.",
        returns="Tenant",
        permission="ManagedTenants.ReadWrite.All",
    )
    resetTenantOnboardingStatus = action(
        "Brings an offboarded tenant back: the multi-tenant platform tries to onboard it again.",
        returns="Tenant",
        permission="ManagedTenants.ReadWrite.All",
    )


class TenantDetailedInformation(
    Resource,
    entity_set="tenantsDetailedInformation",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """Where a managed tenant is, and in which business."""

    id = key("Identifies the information. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    displayName = text("Name of the managed tenant.")
    defaultDomainName = text("Default domain of the managed tenant.")
    city = text("City where the tenant is.")
    countryCode = text("Code of the country where the tenant is, such as `US`.")
    countryName = text("Name of the country where the tenant is.")
    region = text("Part of the world where the tenant is, such as `NA`.")
    industryName = text("Industry of the tenant.")
    segmentName = text("Business segment of the tenant.")
    verticalName = text("Vertical market of the tenant.")


class TenantCustomizedInformation(
    Resource,
    entity_set="tenantsCustomizedInformation",
    documented=LIST | GET | UPDATE,
    read_permission="ManagedTenants.Read.All",
    write_permission="ManagedTenants.ReadWrite.All",
):
    """What a service provider has noted about a managed tenant."""

    id = key("Identifies the information, by the Entra tenant id of the managed tenant.")
    tenantId = text("Entra tenant id of the managed tenant.", on_update=OPTIONAL)
    displayName = text("Name of the managed tenant.")
    contacts = many(
        TenantContactInformation, "The contacts in the tenant. An update replaces them all.", on_update=OPTIONAL
    )
    website = text("Website of the tenant.", on_update=OPTIONAL)
    businessRelationship = text(
        "What the service provider is to the tenant, such as `Managed` or `Co-managed`. At most 250 characters."
    )
    complianceRequirements = texts(
        "Rules that the tenant has to comply with, such as `NIST` or `CMMC`. At most 250 characters each."
    )
    managedServicesPlans = texts("The service provider's plans that the tenant has. At most 250 characters each.")
    partnerRelationshipManagerUserIds = texts("Entra ids of the service provider's users who look after the tenant.")
    note = text("Free text for the service provider's technicians. At most 5000 characters.")
    noteLastModifiedDateTime = instant("When the note was last changed.")


class TenantGroup(
    Resource,
    entity_set="tenantGroups",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """A group of managed tenants, and what is to be done in all of them."""

    id = key("Identifies the tenant group. Assigned by Microsoft Graph.")
    displayName = text("Name of the tenant group, as people see it.")
    allTenantsIncluded = boolean("Whether all managed tenants are in the group; `tenantIds` may then be empty.")
    tenantIds = texts("Entra tenant ids of the managed tenants in the group.")
    managementActions = many(ManagementActionInfo, "The management actions of the group.")
    managementIntents = many(ManagementIntentInfo, "The management intents of the group.")

    tenantSearch = action(
        "Finds the groups that a managed tenant is in. Changes nothing; Microsoft Graph has it as an action.",
        returns="TenantGroup",
        returns_list=True,
        on_set=True,
        permission="ManagedTenants.Read.All",
        parameters={"tenantId": text("Entra tenant id of the managed tenant.", on_create=REQUIRED)},
    )


class TenantTag(
    Resource,
    entity_set="tenantTags",
    documented=LIST | GET | CREATE | UPDATE | DELETE,
    read_permission="ManagedTenants.Read.All",
    write_permission="ManagedTenants.ReadWrite.All",
    natural_key=("displayName",),
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

    assignTag = action(
        "Puts the tag on managed tenants, besides those that carry it already.",
        returns="TenantTag",
        parameters={"tenantIds": texts("Entra tenant ids of the managed tenants.", on_create=REQUIRED)},
    )
    unassignTag = action(
        "Takes the tag off managed tenants.",
        returns="TenantTag",
        parameters={"tenantIds": texts("Entra tenant ids of the managed tenants.", on_create=REQUIRED)},
    )
