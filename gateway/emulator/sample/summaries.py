"""How far the tenants have come with the baselines: sums over `templates.py`."""

from collections import Counter
from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Draft, Tenant

COUNTED: Final = {
    "completed": "compliantTenantsCount",
    "inProgress": "notCompliantTenantsCount",
    "failed": "notCompliantTenantsCount",
    "unknown": "dismissedTenantsCount",
    "ineligible": "ineligibleTenantsCount",
}
"""Status of a deployment → where the summary of its step counts it."""


def add_summaries(draft: Draft) -> None:
    names = {row["id"]: row["displayName"] for row in draft.rows("managementTemplateCollections")}
    for collection, name in names.items():
        steps = [step for template in _templates(draft, collection) for step in _steps(draft, template)]
        for tenant in draft.tenants:
            draft.add(
                "managementTemplateCollectionTenantSummaries",
                **_of_tenant(draft, tenant, len(steps)),
                managementTemplateCollectionDisplayName=name,
                managementTemplateCollectionId=collection,
            )
    templates = {row["id"]: row["displayName"] for row in draft.rows("managementTemplates")}
    for step in draft.rows("managementTemplateSteps"):
        [template] = draft.links.targets(("managementTemplateSteps", "managementTemplate"), step["id"])
        collection = draft.links.targets(("managementTemplates", "managementTemplateCollections"), template)[0]
        draft.add(
            "managementTemplateStepTenantSummaries",
            **_of_step(draft, step["id"]),
            managementTemplateCollectionDisplayName=names[collection],
            managementTemplateCollectionId=collection,
            managementTemplateDisplayName=templates[template],
            managementTemplateId=template,
            managementTemplateStepDisplayName=step["displayName"],
            managementTemplateStepId=step["id"],
        )


def _templates(draft: Draft, collection: str) -> tuple[str, ...]:
    return draft.links.targets(("managementTemplateCollections", "managementTemplates"), collection)


def _steps(draft: Draft, template: str) -> tuple[str, ...]:
    return draft.links.targets(("managementTemplates", "managementTemplateSteps"), template)


def _of_tenant(draft: Draft, tenant: Tenant, steps: int) -> dict[str, Json]:
    complete, excluded = steps - draft.number(0, steps), draft.number(0, 3)
    return {
        "completeStepsCount": complete,
        "completeUsersCount": draft.number(0, 90),
        **draft.stamps(100),
        "dismissedStepsCount": 0,
        "excludedUsersCount": excluded * draft.number(1, 3),
        "excludedUsersDistinctCount": excluded,
        "incompleteStepsCount": steps - complete,
        "incompleteUsersCount": draft.number(0, 20),
        "ineligibleStepsCount": 0,
        "isComplete": complete == steps,
        "regressedStepsCount": 0,
        "regressedUsersCount": draft.number(0, 2),
        "tenantId": tenant.id,
        "unlicensedUsersCount": draft.number(0, 6),
    }


def _of_step(draft: Draft, step: str) -> dict[str, Json]:
    counts = Counter[str]()
    for version in draft.links.targets(("managementTemplateSteps", "versions"), step):
        for row in draft.sets.get(("deployments", version), {}).values():
            counts[COUNTED[row["status"]]] += 1
    return {
        "assignedTenantsCount": counts.total(),
        **{name: counts[name] for name in sorted(set(COUNTED.values()))},
        **draft.stamps(100),
    }
