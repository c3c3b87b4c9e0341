"""Cloud PCs, and what a tenant has of them. The connections stand in `given.json`."""

from collections import Counter
from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Device, Draft, Tenant

STATUSES: Final = ("provisioned",) * 8 + ("provisioning", "inGracePeriod", "failed", "upgrading", "notProvisioned")
COUNTED: Final = (
    "deprovisioning",
    "failed",
    "inGracePeriod",
    "notProvisioned",
    "provisioned",
    "provisioning",
    "upgrading",
)
PLANS: Final = ("Enterprise", "Enterprise", "Business")
SIZE: Final = "2vCPU/8GB/128GB"
CONNECTIONS: Final = ("failed", "passed", "pending", "running")


def add_cloud_pcs(draft: Draft) -> None:
    policies = {tenant.id: draft.guid() for tenant in draft.tenants}
    counts = Counter[tuple[str, str]]()
    for row in draft.rows("cloudPcConnections"):
        counts[row["tenantId"], row["healthCheckStatus"].lower()] += 1
        counts[row["tenantId"], "connections"] += 1
    for device in draft.devices:
        if device.kind == "cloudPC":
            status, plan = draft.one_of(STATUSES), draft.one_of(PLANS)
            counts.update((device.tenant.id, each) for each in ("cloudPcs", f"cloudPc {status}", plan))
            draft.add("cloudPcDevices", **_cloud_pc(draft, device, status, plan, policies[device.tenant.id]))
    for tenant in draft.tenants:
        draft.add("cloudPcsOverview", key="tenantId", **_overview(draft, tenant, counts))


def _cloud_pc(draft: Draft, device: Device, status: str, plan: str, policy: str) -> dict[str, Json]:
    user = draft.chance.randrange(1, 60)
    return {
        "cloudPcStatus": draft.drifting(status),
        "deviceSpecification": SIZE,
        "displayName": f"Cloud PC of user{user}",
        "lastRefreshedDateTime": draft.moment(2),
        **device.named,
        "provisioningPolicyId": policy,
        "servicePlanName": f"Cloud PC {plan} {SIZE}",
        "servicePlanType": draft.drifting(plan),
        "userPrincipalName": f"user{user}@{device.tenant.label}.onmicrosoft.com",
    }


def _overview(draft: Draft, tenant: Tenant, counts: Counter[tuple[str, str]]) -> dict[str, Json]:
    """The sums of the tenant's connections and Cloud PCs; connections in a state unknown to it are counted apart."""
    connections = {each: counts[tenant.id, each] for each in CONNECTIONS}
    return {
        "tenantId": tenant.id,
        "frontlineLicensesCount": 0,
        "lastRefreshedDateTime": draft.moment(1),
        **{f"numberOfCloudPcConnectionStatus{each.title()}": number for each, number in connections.items()},
        "numberOfCloudPcConnectionStatusUnkownFutureValue": counts[tenant.id, "connections"]
        - sum(connections.values()),
        **{
            f"numberOfCloudPcStatus{each[0].upper()}{each[1:]}": counts[tenant.id, f"cloudPc {each}"]
            for each in COUNTED
        },
        "numberOfCloudPcStatusUnknown": 0,
        "tenantDisplayName": tenant.name,
        "totalBusinessLicenses": counts[tenant.id, "Business"],
        "totalCloudPcConnectionStatus": counts[tenant.id, "connections"],
        "totalCloudPcStatus": counts[tenant.id, "cloudPcs"],
        "totalEnterpriseLicenses": counts[tenant.id, "Enterprise"],
    }
