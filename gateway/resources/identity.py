"""Sign-in and access in the managed tenants: policies, registrations, the caller's own roles, and who changed what.

https://learn.microsoft.com/graph/api/resources/managedtenants-conditionalaccesspolicycoverage?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-auditevent?view=graph-rest-beta
"""

from gateway.resources.base import (
    GET,
    LIST,
    Complex,
    Enumeration,
    Resource,
    boolean,
    instant,
    int32,
    key,
    many,
    member,
    one,
    text,
)


class DelegatedPrivilegeStatus(Enumeration):
    """The kind of privileges by which a service provider administers a managed tenant."""

    none = member("No delegated privileges.")
    delegatedAdminPrivileges = member("Delegated administration privileges (DAP): the older kind, with broad roles.")
    granularDelegatedAdminPrivileges = member(
        "Granular delegated admin privileges (GDAP): chosen roles for a limited time."
    )
    delegatedAndGranularDelegetedAdminPrivileges = member("Both kinds. The name is misspelt in Microsoft Graph.")


class RoleDefinition(Complex):
    """An Entra role."""

    templateId = text("Identifies the role's template, which is the same in every tenant.")
    displayName = text("Name of the role, as people see it.")
    description = text("What the role allows.")


class RoleAssignment(Complex):
    """Roles that come from one kind of delegated privileges."""

    assignmentType = one(DelegatedPrivilegeStatus, "The kind of privileges that the roles come from.")
    roles = many(RoleDefinition, "The roles.")


class ConditionalAccessPolicyCoverage(
    Resource,
    entity_set="conditionalAccessPolicyCoverages",
    documented=LIST | GET,
    read_permission="Policy.Read.All",
):
    """Whether conditional access policies are in force in a managed tenant."""

    id = key(
        "Identifies the coverage. Assigned by Microsoft Graph; in the example of its reference this is the Entra "
        "tenant id of the managed tenant, which no other property holds."
    )
    tenantDisplayName = text("Name of the managed tenant.")
    conditionalAccessPolicyState = text(
        "State of the conditional access policy. Known values: enabled, disabled, enabledForReportingButNotEnforced."
    )
    requiresDeviceCompliance = boolean("Whether the policy asks that devices be compliant.")
    latestPolicyModifiedDateTime = instant("When the policy was last changed.")


class CredentialUserRegistrationsSummary(
    Resource,
    entity_set="credentialUserRegistrationsSummaries",
    documented=LIST | GET,
    read_permission="Reports.Read.All",
):
    """How many users of a managed tenant have registered for multifactor authentication and password reset."""

    id = key("Identifies the summary. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    tenantLicenseType = text("Entra licence of the tenant, such as `AADFree`, `AADPremium1` or `AADPremium2`.")
    totalUserCount = int32("Number of users in the tenant.")
    mfaRegisteredUserCount = int32("Number of users registered for multifactor authentication.")
    mfaExcludedUserCount = int32(
        "Number of users in the security group that is exempt from multifactor authentication."
    )
    ssprEnabledUserCount = int32("Number of users who may reset their own password.")
    ssprRegisteredUserCount = int32("Number of users registered for resetting their own password.")
    mfaAndSsprCapableUserCount = int32(
        "Number of users able to use multifactor authentication or to reset their own password: or, despite the name."
    )
    mfaConditionalAccessPolicyState = text(
        "State of the conditional access policy that asks for multifactor authentication."
    )
    securityDefaultsEnabled = boolean("Whether Entra's security defaults are on.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class MyRole(
    Resource,
    entity_set="myRoles",
    documented=LIST,
    read_permission="ManagedTenants.Read.All",
):
    """The roles that the caller has in one managed tenant. They bound what the caller sees of it."""

    tenantId = key("Entra tenant id of the managed tenant. This type has no `id`.")
    assignments = many(RoleAssignment, "The caller's roles, by the kind of privileges that they come from.")


class AuditEvent(
    Resource,
    entity_set="auditEvents",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """One request to the multi-tenant platform, who made it, and which managed tenants it was about."""

    id = key("Identifies the event. Assigned by Microsoft Graph.")
    activity = text("Name of what was done.")
    activityDateTime = instant("When it was done.")
    activityId = text("Identifies the request that the event comes from.")
    category = text("Group of activities that it belongs to, such as `Baselines`.")
    initiatedByAppId = text("Entra id of the app that made the request.")
    initiatedByUpn = text("User principal name of the user who made the request.")
    initiatedByUserId = text("Entra id of the user who made the request.")
    ipAddress = text("The IP address, version 4 or 6, that the request came from.")
    httpVerb = text("HTTP method of the request.")
    requestUrl = text("URL of the request.")
    requestBody = text("Body of the request, as text. Microsoft may have taken out sensitive parts.")
    tenantIds = text("Entra tenant ids of the managed tenants concerned: one string, separated by commas.")
    tenantNames = text("Names of the managed tenants concerned: one string, separated by commas.")
