"""Template steps: what to do for a template, version by version, and the deployments of a version to managed tenants.

The Graph reference has no pages about them; steps belong to templates:
https://learn.microsoft.com/graph/api/resources/managedtenants-managementtemplate?view=graph-rest-beta
"""

from gateway.resources.base import (
    REQUIRED,
    Complex,
    Enumeration,
    Resource,
    action,
    instant,
    int32,
    key,
    link,
    links,
    many,
    member,
    one,
    text,
)
from gateway.resources.templates import ActionUrl, ManagementCategory


class ManagementTemplateDeploymentStatus(Enumeration):
    """How far the deployment of a step has come in a managed tenant."""

    unknown = member("Not known.")
    inProgress = member("It is being done.")
    completed = member("Done.")
    failed = member("It failed; `error` says why.")
    ineligible = member("It cannot be done in this tenant.")


class GraphAPIErrorDetails(Complex):
    """Why a deployment failed."""

    code = text("Short name of the error, for programs.")
    message = text("What went wrong, for people.")


class ManagementTemplateStep(Resource, entity_set="managementTemplateSteps"):
    """One step of a template."""

    id = key("Identifies the step. Assigned by Microsoft Graph.")
    displayName = text("Name of the step, as people see it.")
    description = text("What the step is for.")
    category = one(ManagementCategory, "The area of a tenant that the step configures.")
    priority = int32("Priority of the step. Microsoft does not say whether low or high numbers come first.")
    userImpact = text("What the people in a tenant will notice when the step is taken.")
    informationLinks = many(ActionUrl, "Where to read more.")
    portalLink = one(ActionUrl, "Where in a portal the step is taken.")
    createdByUserId = text("Entra id of the user who made the step.")
    createdDateTime = instant("When the step was made.")
    lastActionByUserId = text("Entra id of the user who last changed the step.")
    lastActionDateTime = instant("When the step was last changed.")

    acceptedVersion = link("ManagementTemplateStepVersion", "The version of the step that was accepted.")
    managementTemplate = link("ManagementTemplate", "The template that the step belongs to.")
    versions = links("ManagementTemplateStepVersion", "All versions of the step.")


class ManagementTemplateStepVersion(Resource, entity_set="managementTemplateStepVersions"):
    """One version of a step."""

    id = key("Identifies the version. Assigned by Microsoft Graph.")
    name = text("Name of the version.")
    version = int32("Number of the version.")
    versionInformation = text("What is to be known about the version.")
    contentMarkdown = text("Content of the step in this version, as Markdown.")
    createdByUserId = text("Entra id of the user who made the version.")
    createdDateTime = instant("When the version was made.")
    lastActionByUserId = text("Entra id of the user who last changed the version.")
    lastActionDateTime = instant("When the version was last changed.")

    acceptedFor = link("ManagementTemplateStep", "The step for which the version was accepted, if it was.")
    deployments = links("ManagementTemplateStepDeployment", "The deployments of the version to managed tenants.")
    templateStep = link("ManagementTemplateStep", "The step that this is a version of.")


class ManagementTemplateStepDeployment(Resource, entity_set="deployments", within="ManagementTemplateStepVersion"):
    """The deployment of one version of a step to one managed tenant."""

    id = key("Identifies the deployment. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    status = one(ManagementTemplateDeploymentStatus, "How far the deployment has come.")
    error = one(GraphAPIErrorDetails, "Why the deployment failed, if it did.")
    createdByUserId = text("Entra id of the user who made the deployment.")
    createdDateTime = instant("When the deployment was made.")
    lastActionByUserId = text("Entra id of the user who last changed the deployment.")
    lastActionDateTime = instant("When the deployment was last changed.")

    templateStepVersion = link("ManagementTemplateStepVersion", "The version that is deployed.")

    changeManagementTemplateStepDeploymentStatus = action(
        "Notes how far the deployment has come.",
        wire_name="changeDeploymentStatus",
        returns="ManagementTemplateStepDeployment",
        documented=False,
        parameters={
            "status": text(
                "The new status, a name of `ManagementTemplateDeploymentStatus` as a string.", on_create=REQUIRED
            ),
            "tenantId": text("Entra tenant id of the managed tenant."),
            "managementTemplateStepId": text("Identifies the step."),
        },
    )


class ManagementTemplateStepTenantSummary(Resource, entity_set="managementTemplateStepTenantSummaries"):
    """How far one step of a template has come, counted in managed tenants."""

    id = key("Identifies the summary. Assigned by Microsoft Graph.")
    managementTemplateStepId = text("Identifies the step.")
    managementTemplateStepDisplayName = text("Name of the step, as people see it.")
    managementTemplateId = text("Identifies the template that the step belongs to.")
    managementTemplateDisplayName = text("Name of the template, as people see it.")
    managementTemplateCollectionId = text("Identifies the collection that the template is in.")
    managementTemplateCollectionDisplayName = text("Name of the collection, as people see it.")
    assignedTenantsCount = int32("Number of tenants that the step is assigned to.")
    compliantTenantsCount = int32("Number of tenants that comply with the step.")
    notCompliantTenantsCount = int32("Number of tenants that do not comply with the step.")
    dismissedTenantsCount = int32("Number of tenants for which the service provider decided not to take the step.")
    ineligibleTenantsCount = int32("Number of tenants in which the step cannot be taken.")
    createdByUserId = text("Entra id of the user who made the summary.")
    createdDateTime = instant("When the summary was made.")
    lastActionByUserId = text("Entra id of the user who last changed the summary.")
    lastActionDateTime = instant("When the summary was last changed.")
