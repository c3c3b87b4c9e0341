"""Templates: the configuration that a service provider can bring to managed tenants, and what it consists of.

https://learn.microsoft.com/graph/api/resources/managedtenants-managementtemplate?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-workloadaction?view=graph-rest-beta
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
    links,
    many,
    member,
    one,
    text,
    texts,
)


class ManagementCategory(Enumeration):
    """The area of a tenant that is configured."""

    custom = member("An area of the service provider's own.")
    devices = member("Devices and their policies.")
    identity = member("Users and how they sign in.")
    data = member("Data and its protection.")


class ManagementParameterValueType(Enumeration):
    """The type of a value that is written as JSON inside a string."""

    string = member("Text, in its own quotation marks.")
    integer = member("A whole number.")
    boolean = member("`true` or `false`.")
    guid = member("A GUID, in quotation marks.")
    stringCollection = member("An array of texts.")
    integerCollection = member("An array of whole numbers.")
    booleanCollection = member("An array of `true` and `false`.")
    guidCollection = member("An array of GUIDs.")


class ManagementProvider(Enumeration):
    """Who offers a template."""

    microsoft = member("Microsoft.")
    community = member("The community of service providers.")
    indirectProvider = member("An indirect provider, to the resellers it works with.")
    self = member("The service provider itself.")


class WorkloadActionCategory(Enumeration):
    """How a workload action is carried out."""

    automated = member("By Microsoft, when the action is applied.")
    manual = member("By people.")


class ActionUrl(Complex, namespace="microsoft.graph"):
    """A link that people can follow."""

    displayName = text("Words to show for the link.")
    url = text("Address that the link leads to.")


class Setting(Complex):
    """A value that a workload action sets."""

    settingId = text("Identifies the setting.")
    displayName = text("Name of the setting, as people see it, such as `State`.")
    valueType = one(ManagementParameterValueType, "Type of the value inside `jsonValue`.")
    jsonValue = text('The value as JSON inside a string: text has its own quotation marks, as in `"\\"enabled\\""`.')
    overwriteAllowed = boolean("Whether the value may replace one that the tenant has already.")


class TemplateParameter(Complex):
    """A value that can be chosen when a template is applied."""

    displayName = text("Name of the parameter, as people see it, such as `State`.")
    description = text("What the parameter is for.")
    valueType = one(ManagementParameterValueType, "Type of the values inside the JSON.")
    jsonDefaultValue = text("The value unless another is chosen, as JSON inside a string.")
    jsonAllowedValues = text("An array of the values to choose from, as JSON inside a string; `null`, as text, if any.")


class WorkloadAction(Complex):
    """One thing that is done in one of Microsoft's services, such as making a Conditional Access policy."""

    actionId = text("Identifies the workload action.")
    displayName = text("Name of the workload action, as people see it.")
    description = text("What the workload action does.")
    category = one(WorkloadActionCategory, "Whether it is carried out by itself or by people.")
    service = text("The service in which it is done, such as `AAD`.")
    licenses = texts("The licenses that it needs.")
    settings = many(Setting, "The values that it sets.")


class ManagementTemplate(
    Resource,
    entity_set="managementTemplates",
    documented=LIST | GET,
    read_permission="ManagedTenants.Read.All",
):
    """A configuration that can be applied to managed tenants, such as multifactor authentication for administrators."""

    id = key(
        "Identifies the template. Assigned by Microsoft Graph; not always a GUID: some have `_1` or the like after it."
    )
    displayName = text("Name of the template, as people see it.")
    description = text("What the template is for.")
    category = one(ManagementCategory, "The area of a tenant that the template configures.")
    provider = one(ManagementProvider, "Who offers the template.")
    version = int32("Version of the template.")
    priority = int32("Priority of the template. Microsoft does not say whether low or high numbers come first.")
    userImpact = text("What the people in a tenant will notice when the template is applied.")
    informationLinks = many(ActionUrl, "Where to read more.")
    parameters = many(TemplateParameter, "The values that can be chosen when the template is applied.")
    workloadActions = many(WorkloadAction, "What is done when the template is applied.")
    createdByUserId = text("Entra id of the user who made the template.")
    createdDateTime = instant("When the template was made.")
    lastActionByUserId = text("Entra id of the user who last changed the template.")
    lastActionDateTime = instant("When the template was last changed.")

    managementTemplateCollections = links("ManagementTemplateCollection", "The collections that have the template.")
    managementTemplateSteps = links("ManagementTemplateStep", "The steps that the template consists of.")


class ManagementTemplateCollection(Resource, entity_set="managementTemplateCollections"):
    """Templates that belong together, such as a baseline for new tenants."""

    id = key("Identifies the collection. Assigned by Microsoft Graph.")
    displayName = text("Name of the collection, as people see it.")
    description = text("What the collection is for.")
    createdByUserId = text("Entra id of the user who made the collection.")
    createdDateTime = instant("When the collection was made.")
    lastActionByUserId = text("Entra id of the user who last changed the collection.")
    lastActionDateTime = instant("When the collection was last changed.")

    managementTemplates = links("ManagementTemplate", "The templates in the collection.")


class ManagementTemplateCollectionTenantSummary(Resource, entity_set="managementTemplateCollectionTenantSummaries"):
    """How far a collection of templates has come in one managed tenant, counted in steps and in users."""

    id = key("Identifies the summary. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    managementTemplateCollectionId = text("Identifies the collection.")
    managementTemplateCollectionDisplayName = text("Name of the collection, as people see it.")
    isComplete = boolean("Whether the collection is complete in the tenant.")
    completeStepsCount = int32("Number of steps that are complete.")
    incompleteStepsCount = int32("Number of steps that are not complete.")
    regressedStepsCount = int32("Number of steps that were complete and no longer are.")
    dismissedStepsCount = int32("Number of steps that the service provider decided not to take.")
    ineligibleStepsCount = int32("Number of steps that cannot be taken in the tenant.")
    completeUsersCount = int32("Number of users for whom the steps are complete.")
    incompleteUsersCount = int32("Number of users for whom the steps are not complete.")
    regressedUsersCount = int32("Number of users for whom the steps were complete and no longer are.")
    excludedUsersCount = int32("Number of users who are excluded, counted once for each step.")
    excludedUsersDistinctCount = int32("Number of users who are excluded, each counted once.")
    unlicensedUsersCount = int32("Number of users without the licenses that the steps need.")
    createdByUserId = text("Entra id of the user who made the summary.")
    createdDateTime = instant("When the summary was made.")
    lastActionByUserId = text("Entra id of the user who last changed the summary.")
    lastActionDateTime = instant("When the summary was last changed.")
