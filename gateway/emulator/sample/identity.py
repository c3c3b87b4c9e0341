"""Sign-in: policies, registrations, the caller's roles, and what the provider did."""

import json
from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import STAFF, Draft, Tenant
from gateway.resources.spec import ROOT_PATH

POLICY_STATES: Final = ("enabled", "enabled", "disabled", "enabledForReportingButNotEnforced")
ROLES: Final = (
    ("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", "Resets passwords, manages requests."),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", "Reads what a Global Administrator can."),
    ("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator", "Manages Intune and Windows 365."),
    ("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator", "Reads and changes security settings."),
)
"""https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference"""

ACTIVITIES: Final = (
    ("Create", "TenantTag", "POST", "tenantTags"),
    ("Delete", "TenantTag", "DELETE", "tenantTags"),
    ("Patch", "TenantCustomizedInformation", "PATCH", "tenantsCustomizedInformation"),
    ("Offboard", "Tenant", "POST", "tenants"),
    ("Apply", "ManagementAction", "POST", "managementActions"),
)
PORTAL: Final = "d9d5c9e3-7a1b-4ad4-9a3e-2f8e5a0c6d11"
AUDIT_EVENTS: Final = 150


def add_identity(draft: Draft) -> None:
    for tenant in draft.tenants:
        draft.add(
            "conditionalAccessPolicyCoverages",
            id=tenant.id,
            conditionalAccessPolicyState=draft.drifting(draft.one_of(POLICY_STATES)),
            latestPolicyModifiedDateTime=draft.moment(300),
            requiresDeviceCompliance=draft.chance.random() < 0.6,
            tenantDisplayName=tenant.name,
        )
        draft.add("credentialUserRegistrationsSummaries", **_registrations(draft, tenant))
        draft.add("myRoles", key="tenantId", **_roles(draft, tenant))
    for _ in range(AUDIT_EVENTS):
        draft.add("auditEvents", **_audit_event(draft))


def _registrations(draft: Draft, tenant: Tenant) -> dict[str, Json]:
    total = draft.number(4, 180)
    registered = draft.chance.randint(total // 2, total)
    return {
        "lastRefreshedDateTime": draft.moment(2),
        "mfaAndSsprCapableUserCount": draft.chance.randint(0, registered),
        "mfaConditionalAccessPolicyState": draft.drifting(draft.one_of(POLICY_STATES)),
        "mfaExcludedUserCount": min(2, total - registered),
        "mfaRegisteredUserCount": registered,
        "securityDefaultsEnabled": draft.chance.random() < 0.3,
        "ssprEnabledUserCount": draft.chance.randint(0, total),
        "ssprRegisteredUserCount": draft.chance.randint(0, registered),
        **tenant.named,
        "tenantLicenseType": draft.one_of(("AADFree", "AADPremium1", "AADPremium1", "AADPremium2")),
        "totalUserCount": total,
    }


def _roles(draft: Draft, tenant: Tenant) -> dict[str, Json]:
    held = draft.chance.sample(ROLES, draft.chance.randint(1, 3))
    kind = draft.one_of(("granularDelegatedAdminPrivileges",) * 3 + ("delegatedAdminPrivileges",))
    roles = [{"description": text, "displayName": name, "templateId": key} for key, name, text in held]
    return {"tenantId": tenant.id, "assignments": [{"assignmentType": kind, "roles": roles}]}


def _audit_event(draft: Draft) -> dict[str, Json]:
    """Tenants are written one after the other into one text."""
    verb, kind, method, entity_set = draft.one_of(ACTIVITIES)
    tenants = draft.chance.sample(draft.tenants, draft.number(1, 3))
    user = draft.one_of(STAFF)
    return {
        "activity": f"{verb} {kind}",
        "activityDateTime": draft.moment(90),
        "activityId": draft.guid(),
        "category": "Tenants" if "enant" in kind else "Baselines",
        "httpVerb": method,
        "initiatedByAppId": PORTAL,
        "initiatedByUpn": f"engineer{STAFF.index(user) + 1}@nordlicht-it.example",
        "initiatedByUserId": user,
        "ipAddress": f"198.51.100.{draft.chance.randrange(1, 255)}",
        "requestBody": json.dumps({"comment": "As agreed."}) if method != "DELETE" else None,
        "requestUrl": f"https://graph.microsoft.com/beta{ROOT_PATH}/{entity_set}",
        "tenantIds": ",".join(each.id for each in tenants),
        "tenantNames": ",".join(each.name for each in tenants),
    }
