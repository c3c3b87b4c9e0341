"""Baselines: templates, their collections, steps, the steps' versions, and where each version is deployed."""

from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Draft, Tenant

TEMPLATES: Final = (
    ("Require MFA for admins", "identity", "Conditional Access"),
    ("Require MFA for users", "identity", "Conditional Access"),
    ("Block legacy authentication", "identity", "Conditional Access"),
    ("Self-service password reset", "identity", "Entra ID"),
    ("Enroll devices", "devices", "Intune"),
    ("Defender antivirus for Windows", "devices", "Intune"),
    ("Firewall for Windows", "devices", "Intune"),
    ("Compliance policy for Windows", "devices", "Intune"),
    ("Edge security baseline", "devices", "Intune"),
    ("Sensitivity labels", "data", "Purview"),
)
COLLECTIONS: Final = (("Default baseline", 0, 10), ("Identity first", 0, 4), ("Windows devices", 4, 9))
"""Name, and which templates, from and to."""

STEPS: Final = ("Review who is affected", "Deploy")
DEPLOYED: Final = ("completed",) * 6 + ("inProgress", "failed", "ineligible", "unknown")


def add_templates(draft: Draft) -> None:
    for number, (name, category, service) in enumerate(TEMPLATES):
        template = draft.add(
            "managementTemplates",
            id=f"{draft.guid()}_1",
            **_described(draft, name, category, number),
            parameters=[_parameter(name)],
            provider="microsoft" if number < 8 else draft.one_of(("community", "self")),
            version=1,
            workloadActions=[workload_action(draft, name, service)],
        )
        for step in STEPS:
            _add_step(draft, template, name, category, step)
    templates = [row["id"] for row in draft.rows("managementTemplates")]
    for name, first, end in COLLECTIONS:
        _add_collection(draft, name, templates[first:end])


def _described(draft: Draft, name: str, category: str, priority: int) -> dict[str, Json]:
    return {
        "category": category,
        **draft.stamps(),
        "description": f"{name}, as the baseline has it.",
        "displayName": name,
        "informationLinks": [
            {"displayName": "Microsoft Learn", "url": "https://learn.microsoft.com/microsoft-365/lighthouse/"}
        ],
        "priority": priority + 1,
        "userImpact": draft.one_of(("None.", "Users register once.", "A restart.")),
    }


def _parameter(name: str) -> dict[str, Json]:
    """JSON inside of texts."""
    return {
        "description": f"Groups that are left out of: {name}.",
        "displayName": "Excluded groups",
        "jsonAllowedValues": None,
        "jsonDefaultValue": "[]",
        "valueType": "guidCollection",
    }


def workload_action(draft: Draft, name: str, service: str) -> dict[str, Json]:
    setting = {
        "displayName": "State",
        "jsonValue": '"enabledForReportingButNotEnforced"',
        "overwriteAllowed": True,
        "settingId": draft.guid(),
        "valueType": "string",
    }
    return {
        "actionId": draft.guid(),
        "category": draft.one_of(("automated", "automated", "manual")),
        "description": f"Sets up: {name}.",
        "displayName": name,
        "licenses": ["INTUNE_A"] if service == "Intune" else [],
        "service": service,
        "settings": [setting],
    }


def _add_step(draft: Draft, template: str, name: str, category: str, title: str) -> None:
    step = draft.add(
        "managementTemplateSteps",
        **_described(draft, f"{name}: {title.lower()}", category, STEPS.index(title)),
        portalLink={"displayName": "Lighthouse", "url": "https://lighthouse.microsoft.com/"},
    )
    draft.links.join(("managementTemplates", "managementTemplateSteps"), template, step)
    versions = [_add_version(draft, step, title, number + 1) for number in range(draft.number(1, 2))]
    draft.links.join(("managementTemplateSteps", "acceptedVersion"), step, versions[-1])
    for tenant in draft.chance.sample(draft.tenants, draft.number(2, 14)):
        _add_deployment(draft, versions[-1], tenant)


def _add_version(draft: Draft, step: str, title: str, number: int) -> str:
    version = draft.add(
        "managementTemplateStepVersions",
        contentMarkdown=f"## {title}\n\nIn the portal of the tenant.",
        **draft.stamps(),
        name=f"{title} v{number}",
        version=number,
        versionInformation="First version." if number == 1 else "Clearer text.",
    )
    draft.links.join(("managementTemplateSteps", "versions"), step, version)
    return version


def _add_deployment(draft: Draft, version: str, tenant: Tenant) -> None:
    status = draft.one_of(DEPLOYED)
    error = {"code": "PolicyConflict", "message": "A policy of that name is there already."}
    draft.add(
        "deployments",
        within=version,
        **draft.stamps(100),
        error=error if status == "failed" else None,
        status=status,
        tenantId=tenant.id,
    )


def _add_collection(draft: Draft, name: str, templates: list[str]) -> None:
    collection = draft.add(
        "managementTemplateCollections",
        **draft.stamps(),
        description=f"{len(templates)} tasks for every tenant.",
        displayName=name,
    )
    for template in templates:
        draft.links.join(("managementTemplateCollections", "managementTemplates"), collection, template)
