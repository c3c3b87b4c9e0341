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
CONNECTIONS: Final = ("failed", "passed", "pending", "running")


def add_cloud_pcs(draft: Draft) -> None:
    policies = {tenant.id: draft.guid() for tenant in draft.tenants}
    connections, cloud_pcs = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in draft.rows("cloudPcConnections"):
        connections[row["tenantId"], row["healthCheckStatus"].lower()] += 1
    for device in draft.devices:
        if device.kind == "cloudPC":
            status = draft.one_of(STATUSES)
            cloud_pcs[device.tenant.id, status] += 1
            draft.add("cloudPcDevices", **_cloud_pc(draft, device, status, policies[device.tenant.id]))
    for tenant in draft.tenants:
        draft.add("cloudPcsOverview", key="tenantId", **_overview(draft, tenant, connections, cloud_pcs))


def _cloud_pc(draft: Draft, device: Device, status: str, policy: str) -> dict[str, Json]:
    return {
        "cloudPcStatus": draft.drifting(status),
        "deviceSpecification": "2vCPU/8GB/128GB",
        "displayName": f"Cloud PC of user{draft.chance.randrange(1, 60)}",
        "lastRefreshedDateTime": draft.moment(2),
        **device.named,
        "provisioningPolicyId": policy,
        "servicePlanName": "Cloud PC Enterprise 2vCPU/8GB/128GB",
        "servicePlanType": draft.drifting(draft.one_of(("enterprise", "enterprise", "business"))),
        "userPrincipalName": f"user{draft.chance.randrange(1, 60)}@{device.tenant.label}.onmicrosoft.com",
    }


def _overview(
    draft: Draft, tenant: Tenant, connections: Counter[tuple[str, str]], cloud_pcs: Counter[tuple[str, str]]
) -> dict[str, Json]:
    """The sums of the tenant's connections and Cloud PCs; connections in a state unknown to it are counted apart."""
    of_connections = sum(number for (key, _), number in connections.items() if key == tenant.id)
    of_cloud_pcs = sum(number for (key, _), number in cloud_pcs.items() if key == tenant.id)
    known = {each: connections[tenant.id, each] for each in CONNECTIONS}
    return {
        "tenantId": tenant.id,
        "frontlineLicensesCount": draft.number(0, 4),
        "lastRefreshedDateTime": draft.moment(1),
        **{f"numberOfCloudPcConnectionStatus{each.title()}": number for each, number in known.items()},
        "numberOfCloudPcConnectionStatusUnkownFutureValue": of_connections - sum(known.values()),
        **{f"numberOfCloudPcStatus{each[0].upper()}{each[1:]}": cloud_pcs[tenant.id, each] for each in COUNTED},
        "numberOfCloudPcStatusUnknown": 0,
        "tenantDisplayName": tenant.name,
        "totalBusinessLicenses": draft.number(0, 5),
        "totalCloudPcConnectionStatus": of_connections,
        "totalCloudPcStatus": of_cloud_pcs,
        "totalEnterpriseLicenses": of_cloud_pcs + draft.number(0, 5),
    }
