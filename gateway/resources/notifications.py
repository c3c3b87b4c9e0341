"""Notifications of alerts, and the ticketing systems that alerts can go to.

The Graph reference has no pages about them; what the members mean is from a draft of such pages:
https://github.com/omikola/microsoft-graph-docs/blob/4a6c290abdcf1aed5ef19ad610dade9d74cb2813/api-reference/beta/resources/managedtenants-managedtenantapinotification.md
"""

from gateway.resources.base import Complex, Enumeration, Resource, boolean, instant, key, link, many, member, text


class NotificationDestination(Enumeration, flags=True):
    """The ways by which people are told of an alert."""

    none = member("Nobody is told.")
    api = member("A notification that Microsoft 365 Lighthouse shows and that programs can read.")
    email = member("An email.")
    sms = member("A text message.")


class NotificationTarget(Complex):
    """Who is told of alerts, such as a security group."""

    displayName = text("Name of the target, as people see it.")


class Email(Complex):
    """One recipient of an email."""

    emailAddress = text("Email address.")


class ManagedTenantApiNotification(Resource, entity_set="managedTenantApiNotifications"):
    """A notification of an alert that Microsoft 365 Lighthouse shows to one user and that programs can read."""

    id = key("Identifies the notification. Assigned by Microsoft Graph.")
    title = text("Title of the notification.")
    message = text("What the notification says.")
    userId = text("Entra id of the user whom the notification is for.")
    isAcknowledged = boolean("Whether the user has acknowledged the notification, and with it the alert.")
    createdByUserId = text("Entra id of the user who made the notification.")
    createdDateTime = instant("When the notification was made.")
    lastActionByUserId = text("Entra id of the user who last changed the notification.")
    lastActionDateTime = instant("When the notification was last changed.")

    alert = link("ManagedTenantAlert", "The alert that the notification is about.")


class ManagedTenantEmailNotification(Resource, entity_set="managedTenantEmailNotifications"):
    """A notification of an alert that was sent by email."""

    id = key("Identifies the notification. Assigned by Microsoft Graph.")
    subject = text("Subject of the email.")
    emailBody = text("Body of the email.")
    emailAddresses = many(Email, "The recipients of the email.")
    createdByUserId = text("Entra id of the user who made the notification.")
    createdDateTime = instant("When the notification was made.")
    lastActionByUserId = text("Entra id of the user who last changed the notification.")
    lastActionDateTime = instant("When the notification was last changed.")

    alert = link("ManagedTenantAlert", "The alert that the notification is about.")


class ManagedTenantTicketingEndpoint(Resource, entity_set="managedTenantTicketingEndpoints"):
    """A ticketing system of the service provider, and how it is reached."""

    id = key("Identifies the ticketing endpoint. Assigned by Microsoft Graph.")
    displayName = text("Name of the ticketing endpoint, as people see it.")
    emailAddress = text("Email address of the ticketing endpoint.")
    phoneNumber = text("Phone number of the ticketing endpoint.")
    createdByUserId = text("Entra id of the user who made the ticketing endpoint.")
    createdDateTime = instant("When the ticketing endpoint was made.")
    lastActionByUserId = text("Entra id of the user who last changed the ticketing endpoint.")
    lastActionDateTime = instant("When the ticketing endpoint was last changed.")
