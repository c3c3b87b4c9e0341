"""What the provider lets Lighthouse do: actions, intents, the groups they are for, and how far each tenant is."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Draft, Tenant

STATUSES: Final = ("completed",) * 5 + (
    "toAddress",
    "inProgress",
    "planned",
    "error",
    "riskAccepted",
    "resolvedBy3rdParty",
)
INTENTS: Final = (("Secure every sign-in", True, "identity"), ("Manage every device", False, "devices"))
GROUPS: Final = ("Gold customers", "Windows 365 wave 1", "Schools", "Pilot of the baselines")


def add_management(draft: Draft) -> None:
    for template in draft.rows("managementTemplates"):
        draft.add(
            "managementActions",
            category=template["category"],
            description=template["description"],
            displayName=template["displayName"],
            referenceTemplateId=template["id"],
            referenceTemplateVersion=template["version"],
            workloadActions=template["workloadActions"],
        )
    for name, is_global, category in INTENTS:
        templates = [_detail(row) for row in draft.rows("managementTemplates") if row["category"] == category]
        draft.add("managementIntents", displayName=name, isGlobal=is_global, managementTemplates=templates)
    _add_groups(draft)
    for tenant in draft.tenants:
        _add_statuses(draft, tenant)


def _detail(template: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "category": template["category"],
        "displayName": template["displayName"],
        "managementTemplateId": template["id"],
        "version": template["version"],
    }


def _add_groups(draft: Draft) -> None:
    """One has all tenants, the others some."""
    actions = [
        {
            "managementActionId": row["id"],
            "managementTemplateId": row["referenceTemplateId"],
            "managementTemplateVersion": row["referenceTemplateVersion"],
        }
        for row in draft.rows("managementActions")
    ]
    intents = [
        {
            "managementIntentDisplayName": row["displayName"],
            "managementIntentId": row["id"],
            "managementTemplates": row["managementTemplates"],
        }
        for row in draft.rows("managementIntents")
    ]
    draft.add(
        "tenantGroups",
        allTenantsIncluded=True,
        displayName="All tenants",
        managementActions=actions,
        managementIntents=intents,
        tenantIds=[],
    )
    for name in GROUPS:
        draft.add(
            "tenantGroups",
            allTenantsIncluded=False,
            displayName=name,
            managementActions=draft.chance.sample(actions, 2),
            managementIntents=intents[:1],
            tenantIds=[each.id for each in draft.chance.sample(draft.tenants, draft.chance.randint(4, 12))],
        )


def _add_statuses(draft: Draft, tenant: Tenant) -> None:
    actions = draft.chance.sample(draft.rows("managementActions"), draft.chance.randint(1, 4))
    group = draft.rows("tenantGroups")[0]["id"]
    statuses = [_status(draft, each) for each in actions]
    draft.add("managementActionTenantDeploymentStatuses", statuses=statuses, tenantGroupId=group, tenantId=tenant.id)


def _status(draft: Draft, action: Mapping[str, Any]) -> dict[str, Json]:
    status = draft.one_of(STATUSES)
    [workload_action] = action["workloadActions"]
    error = {"code": "BadRequest", "message": "The policy exists."} if status == "error" else None
    of_workload = {
        "actionId": workload_action["actionId"],
        "deployedPolicyId": draft.guid() if status == "completed" else None,
        "error": error,
        "excludeGroups": [],
        "includeAllUsers": True,
        "includeGroups": [],
        "lastDeploymentDateTime": draft.moment(100),
        "status": status if status in {"completed", "error", "inProgress"} else "toAddress",
    }
    return {
        "managementActionId": action["id"],
        "managementTemplateId": action["referenceTemplateId"],
        "managementTemplateVersion": action["referenceTemplateVersion"],
        "status": status,
        "workloadActionDeploymentStatuses": [of_workload],
    }
