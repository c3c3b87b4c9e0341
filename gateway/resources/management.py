"""Management actions and intents: what is to be done in managed tenants, and how far it has come.

https://learn.microsoft.com/graph/api/resources/managedtenants-managementaction?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-managementintent?view=graph-rest-beta
"""

from gateway.resources.base import (
    GET,
    LIST,
    REQUIRED,
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
from gateway.resources.templates import ManagementCategory, WorkloadAction


class ManagementActionStatus(Enumeration):
    """How far a management action has come in a managed tenant."""

    toAddress = member("Nothing has been done yet.")
    completed = member("Done.")
    error = member("It failed.")
    timeOut = member("It took too long and was given up.")
    inProgress = member("It is being done.")
    planned = member("Somebody means to do it.")
    resolvedBy3rdParty = member("A product of another company does the same.")
    resolvedThroughAlternateMitigation = member("The same was reached in another way.")
    riskAccepted = member("Somebody decided to live without it.")


class WorkloadActionStatus(Enumeration):
    """How far a workload action has come in a managed tenant."""

    toAddress = member("Nothing has been done yet.")
    completed = member("Done.")
    error = member("It failed; `error` says why.")
    timeOut = member("It took too long and was given up.")
    inProgress = member("It is being done.")


class GenericError(Complex, namespace="microsoft.graph"):
    """Why something failed."""

    code = text("Short name of the error, for programs.")
    message = text("What went wrong, for people.")


class ManagementActionInfo(Complex):
    """Names a management action, and the template it comes from."""

    managementActionId = text("Identifies the management action.")
    managementTemplateId = text("Identifies the template that the action comes from.")
    managementTemplateVersion = int32("Version of that template.")


class ManagementTemplateDetailedInfo(Complex):
    """Names a template."""

    managementTemplateId = text("Identifies the template.")
    displayName = text("Name of the template, as people see it.")
    category = one(ManagementCategory, "The area of a tenant that the template configures.")
    version = int32("Version of the template.")


class ManagementIntentInfo(Complex):
    """Names a management intent, and the templates that serve it."""

    managementIntentId = text("Identifies the management intent.")
    managementIntentDisplayName = text("Name of the management intent, as people see it.")
    managementTemplates = many(ManagementTemplateDetailedInfo, "The templates that serve the intent.")


class WorkloadActionDeploymentStatus(Complex):
    """How far a workload action has come in a managed tenant, and for whom it was applied."""

    actionId = text("Identifies the workload action.")
    status = one(WorkloadActionStatus, "How far it has come.")
    error = one(GenericError, "Why it failed, if it did.")
    deployedPolicyId = text("Identifies the policy that it made in the tenant, if it made one.")
    lastDeploymentDateTime = instant("When it was last applied.")
    includeAllUsers = boolean("Whether it is for all users of the tenant.")
    includeGroups = texts("Ids of the groups in the tenant that it is for.")
    excludeGroups = texts("Ids of the groups in the tenant that it is not for.")


class ManagementActionDeploymentStatus(Complex):
    """How far a management action has come in a managed tenant."""

    managementActionId = text("Identifies the management action.")
    managementTemplateId = text("Identifies the template that the action comes from.")
    managementTemplateVersion = int32("Version of that template.")
    status = one(ManagementActionStatus, "How far the action has come.")
    workloadActionDeploymentStatuses = many(
        WorkloadActionDeploymentStatus, "How far each of its workload actions has come."
    )


class ManagementAction(
    Resource,
    entity_set="managementActions",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """Something that can be done in managed tenants, made from a template."""

    id = key("Identifies the management action. Assigned by Microsoft Graph.")
    displayName = text("Name of the management action, as people see it.")
    description = text("What the management action is for.")
    category = one(ManagementCategory, "The area of a tenant that the action configures.")
    referenceTemplateId = text("Identifies the template that the action comes from.")
    referenceTemplateVersion = int32("Version of that template.")
    workloadActions = many(WorkloadAction, "What is done when the action is applied.")

    applyManagementAction = action(
        "Does in one managed tenant what the management action says: makes policies and changes settings there.",
        wire_name="apply",
        returns=ManagementActionDeploymentStatus,
        permission="ManagedTenants.ReadWrite.All",
        parameters={
            "tenantId": text("Entra tenant id of the managed tenant.", on_create=REQUIRED),
            "managementTemplateId": text("Identifies the template that the action comes from.", on_create=REQUIRED),
            "tenantGroupId": text("Identifies the tenant group that the tenant is in."),
            "includeAllUsers": boolean("Whether to apply it to all users of the tenant."),
            "includeGroups": texts("Ids of the groups in the tenant to apply it to."),
            "excludeGroups": texts("Ids of the groups in the tenant to leave out."),
        },
    )


class ManagementActionTenantDeploymentStatus(
    Resource,
    entity_set="managementActionTenantDeploymentStatuses",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """How far all management actions have come in one managed tenant."""

    id = key("Identifies the list of statuses. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantGroupId = text("Identifies the tenant group that the tenant is in.")
    statuses = many(ManagementActionDeploymentStatus, "How far each management action has come.")

    changeManagementActionDeploymentStatus = action(
        "Notes how far a management action has come in a managed tenant, such as `planned`. Changes nothing in the "
        "tenant itself.",
        wire_name="changeDeploymentStatus",
        returns=ManagementActionDeploymentStatus,
        on_set=True,
        permission="ManagedTenants.ReadWrite.All",
        parameters={
            "tenantId": text("Entra tenant id of the managed tenant.", on_create=REQUIRED),
            "managementActionId": text("Identifies the management action.", on_create=REQUIRED),
            "managementTemplateId": text("Identifies the template that the action comes from.", on_create=REQUIRED),
            "managementTemplateVersion": int32("Version of that template.", on_create=REQUIRED),
            "status": text("The new status, a name of `ManagementActionStatus` as a string.", on_create=REQUIRED),
            "tenantGroupId": text("Identifies the tenant group that the tenant is in."),
        },
    )


class ManagementIntent(
    Resource,
    entity_set="managementIntents",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """A goal for managed tenants, and the templates that serve it."""

    id = key("Identifies the management intent. Assigned by Microsoft Graph.")
    displayName = text("Name of the management intent, as people see it.")
    isGlobal = boolean("Whether the intent is global rather than for some tenants.")
    managementTemplates = many(ManagementTemplateDetailedInfo, "The templates that serve the intent.")
