"""Alerts about managed tenants, and the rules that raise them.

The Graph reference has no pages about them; what the members mean is from a draft of such pages:
https://github.com/omikola/microsoft-graph-docs/blob/4a6c290abdcf1aed5ef19ad610dade9d74cb2813/api-reference/beta/resources/managedtenants-managedtenantalert.md
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
from gateway.resources.notifications import NotificationDestination, NotificationTarget
from gateway.resources.tenants import TenantInfo


class AlertSeverity(Enumeration):
    """How urgent an alert is."""

    unknown = member("No severity was set.")
    informational = member("For information; nothing needs to be done now.")
    low = member("Can wait.")
    medium = member("Comes before low and informational alerts.")
    high = member("Comes before all others.")


class AlertStatus(Enumeration):
    """What has become of an alert."""

    unknown = member("No status was set.")
    newAlert = member("Nobody has taken it up yet.")
    inProgress = member("Somebody works on it.")
    resolved = member("Its cause is dealt with.")
    dismissed = member("Somebody found it not important.")


class AlertData(Complex):
    """What was collected when an alert was raised. Microsoft Graph may send more members than are declared."""

    displayName = text("Name of the data, as people see it.")


class AlertDataReferenceString(Complex):
    """A text that belongs to the data of an alert, for translation."""

    displayName = text("Name of the text, as people see it.")


class AlertLogContent(Complex):
    """What a log entry says. Microsoft Graph may send more members than are declared."""

    displayName = text("Name of the content, as people see it.")


class AlertRuleDefinitionTemplate(Complex):
    """What a new rule starts from. Microsoft Graph may send more members than are declared."""

    defaultSeverity = one(AlertSeverity, "Severity of the alerts, unless a rule says another.")


class ManagedTenantAlert(Resource, entity_set="managedTenantAlerts"):
    """Something in a managed tenant that needs attention, raised by a rule."""

    id = key("Identifies the alert. Assigned by Microsoft Graph.")
    title = text("Title of the alert.")
    message = text("What the alert says.")
    tenantId = text("Entra tenant id of the managed tenant.")
    severity = one(AlertSeverity, "How urgent the alert is.")
    status = one(AlertStatus, "What has become of the alert.")
    assignedToUserId = text("Entra id of the user who is to deal with the alert.")
    alertRuleDisplayName = text("Name of the rule that raised the alert.")
    alertData = one(AlertData, "What was collected when the alert was raised.")
    alertDataReferenceStrings = many(AlertDataReferenceString, "Texts that belong to the data, for translation.")
    correlationId = text("The same for alerts about the same thing.")
    correlationCount = int32("Number of alerts about the same thing that were raised since this one was made.")
    createdByUserId = text("Entra id of the user who made the alert.")
    createdDateTime = instant("When the alert was made.")
    lastActionByUserId = text("Entra id of the user who last changed the alert.")
    lastActionDateTime = instant("When the alert was last changed.")

    alertLogs = links("ManagedTenantAlertLog", "The log of the alert: notes and what has happened.")
    alertRule = link("ManagedTenantAlertRule", "The rule that raised the alert.")
    apiNotifications = links("ManagedTenantApiNotification", "The notifications of the alert that programs can read.")
    emailNotifications = links("ManagedTenantEmailNotification", "The notifications of the alert sent by email.")

    addUserInputLog = action(
        "Adds a note to the log of the alert.",
        returns="ManagedTenantAlert",
        documented=False,
        parameters={"logInformation": text("The note.", on_create=REQUIRED)},
    )


class ManagedTenantAlertLog(Resource, entity_set="managedTenantAlertLogs"):
    """One entry in the log of an alert."""

    id = key("Identifies the log entry. Assigned by Microsoft Graph.")
    content = one(AlertLogContent, "What the log entry says.")
    createdByUserId = text("Entra id of the user who made the log entry.")
    createdDateTime = instant("When the log entry was made.")
    lastActionByUserId = text("Entra id of the user who last changed the log entry.")
    lastActionDateTime = instant("When the log entry was last changed.")

    alert = link("ManagedTenantAlert", "The alert that the log entry belongs to.")


class ManagedTenantAlertRule(Resource, entity_set="managedTenantAlertRules", natural_key=("displayName",)):
    """Says when to raise an alert, about which managed tenants, and who is told."""

    id = key("Identifies the rule. Assigned by Microsoft Graph.")
    displayName = text("Name of the rule, as people see it.")
    description = text("What the rule is for.")
    tenantIds = many(TenantInfo, "The managed tenants that the rule watches; objects, not bare ids.")
    severity = one(AlertSeverity, "Severity of the alerts that the rule raises.")
    alertDisplayName = text("Title of the alerts that the rule raises.")
    alertTTL = int32("How long an alert is kept after it was made, in seconds.")
    notificationFinalDestinations = one(NotificationDestination, "The ways by which people are told of an alert.")
    targets = many(NotificationTarget, "Who is told of an alert.")
    lastRunDateTime = instant("When the rule last ran.")
    createdByUserId = text("Entra id of the user who made the rule.")
    createdDateTime = instant("When the rule was made.")
    lastActionByUserId = text("Entra id of the user who last changed the rule.")
    lastActionDateTime = instant("When the rule was last changed.")

    alerts = links("ManagedTenantAlert", "The alerts that the rule has raised.")
    ruleDefinition = link("ManagedTenantAlertRuleDefinition", "The definition that the rule was made from.")


class ManagedTenantAlertRuleDefinition(Resource, entity_set="managedTenantAlertRuleDefinitions"):
    """A kind of rule, designed by Microsoft, from which a service provider makes rules."""

    id = key("Identifies the definition. Assigned by Microsoft Graph.")
    displayName = text("Name of the definition, as people see it.")
    definitionTemplate = one(AlertRuleDefinitionTemplate, "What a new rule starts from.")
    createdByUserId = text("Entra id of the user who made the definition.")
    createdDateTime = instant("When the definition was made.")
    lastActionByUserId = text("Entra id of the user who last changed the definition.")
    lastActionDateTime = instant("When the definition was last changed.")

    alertRules = links("ManagedTenantAlertRule", "The rules made from the definition.")
