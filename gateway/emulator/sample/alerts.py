"""Alerts: the rules that raise them, what was written about them, and who was told."""

from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import STAFF, Draft, Tenant

RULES: Final = (
    ("Device without antivirus", "An antivirus is off on a device.", "high", ("Antivirus off", "Signatures outdated")),
    ("Malware found", "Defender found malware.", "high", ("Malware active", "Malware removed")),
    ("Device not compliant", "A device breaks a policy for more than a day.", "medium", ("Device not compliant",)),
    ("Risky sign-in", "A user has signed in from where nobody expects them.", "medium", ("Risky sign-in",)),
    ("Cloud PC connection failed", "A connection does not pass its health check.", "low", ("Connection failed",)),
    ("Licence unused", "A licence is assigned and not used for 60 days.", "informational", ("Licence unused",)),
)
"""Definition, what it is about, severity, the rules made from it."""

DESTINATIONS: Final = ("email", "api,email", "api", "none")
STATUSES: Final = ("newAlert", "newAlert", "inProgress", "resolved", "resolved", "dismissed")
NOTES: Final = ("Called the customer.", "Device is in repair.", "False alarm: test file.", "Waits for a licence.")
ALERTS: Final = 90


def add_alerts(draft: Draft) -> None:
    rules = _add_rules(draft)
    for _ in range(ALERTS):
        _add_alert(draft, *draft.one_of(rules))
    for name in ("Service desk", "On call"):
        draft.add(
            "managedTenantTicketingEndpoints",
            **draft.stamps(),
            displayName=name,
            emailAddress=f"{name.replace(' ', '.').lower()}@nordlicht-it.example",
            phoneNumber="+1 555 0100",
        )


def _add_rules(draft: Draft) -> list[tuple[str, str, str]]:
    """Key, what its alerts are called, and severity of each."""
    rules = []
    for definition_name, text, severity, names in RULES:
        definition = draft.add(
            "managedTenantAlertRuleDefinitions",
            **draft.stamps(),
            definitionTemplate={"defaultSeverity": severity},
            displayName=definition_name,
        )
        for name in names:
            tenants = draft.chance.sample(draft.tenants, draft.number(0, 5))
            rule = draft.add(
                "managedTenantAlertRules",
                alertDisplayName=name,
                alertTTL=86400 * draft.one_of((7, 14, 30)),
                **draft.stamps(),
                description=text,
                displayName=name,
                lastRunDateTime=draft.moment(1),
                notificationFinalDestinations=draft.one_of(DESTINATIONS),
                severity=severity,
                targets=[{"displayName": "Service desk"}],
                tenantIds=[{"tenantId": each.id} for each in tenants],
            )
            draft.links.join(("managedTenantAlertRuleDefinitions", "alertRules"), definition, rule)
            rules.append((rule, name, severity))
    return rules


def _add_alert(draft: Draft, rule: str, name: str, severity: str) -> None:
    tenant = draft.one_of(draft.tenants)
    alert = draft.add("managedTenantAlerts", **_alert(draft, tenant, name, severity))
    draft.links.join(("managedTenantAlertRules", "alerts"), rule, alert)
    for _ in range(draft.number(0, 3)):
        note = {"displayName": draft.one_of(NOTES)}
        log = draft.add("managedTenantAlertLogs", content=note, **draft.stamps(40))
        draft.links.join(("managedTenantAlerts", "alertLogs"), alert, log)
    if draft.chance.random() < 0.6:
        told = draft.add("managedTenantApiNotifications", **_api_notification(draft, tenant, name))
        draft.links.join(("managedTenantAlerts", "apiNotifications"), alert, told)
    if draft.chance.random() < 0.5:
        told = draft.add("managedTenantEmailNotifications", **_email_notification(draft, tenant, name))
        draft.links.join(("managedTenantAlerts", "emailNotifications"), alert, told)


def _alert(draft: Draft, tenant: Tenant, name: str, severity: str) -> dict[str, Json]:
    status = draft.one_of(STATUSES)
    return {
        "alertData": {"displayName": name},
        "alertDataReferenceStrings": [{"displayName": tenant.name}],
        "alertRuleDisplayName": name,
        "assignedToUserId": None if status == "newAlert" else draft.one_of(STAFF),
        "correlationCount": draft.number(1, 9),
        "correlationId": draft.guid(),
        **draft.stamps(80),
        "message": f"{name} at {tenant.name}.",
        "severity": severity,
        "status": status,
        "tenantId": tenant.id,
        "title": name,
    }


def _api_notification(draft: Draft, tenant: Tenant, name: str) -> dict[str, Json]:
    return {
        **draft.stamps(40),
        "isAcknowledged": draft.chance.random() < 0.5,
        "message": f"{name} at {tenant.name}.",
        "title": name,
        "userId": draft.one_of(STAFF),
    }


def _email_notification(draft: Draft, tenant: Tenant, name: str) -> dict[str, Json]:
    return {
        **draft.stamps(40),
        "emailAddresses": [{"emailAddress": "service.desk@nordlicht-it.example"}],
        "emailBody": f"<p>{name} at {tenant.name}.</p>",
        "subject": f"[{tenant.name}] {name}",
    }
