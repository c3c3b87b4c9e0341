"""What Microsoft Graph answers in the jobs: rows of a believable size, the same in every run."""

from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
ROOT = "/v1.0/tenantRelationships/managedTenants"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#tenantRelationships/managedTenants"
TENANTS = 10

Row = dict[str, Any]


def guid(name: str) -> str:
    return str(uuid5(NAMESPACE, name))


def connection(number: int) -> Row:
    tenant = tenants()[number % TENANTS]
    return {
        "id": guid(f"connection {number}"),
        "displayName": f"{tenant['displayName']} West Europe {number}",
        "tenantId": tenant["tenantId"],
        "tenantDisplayName": tenant["displayName"],
        "healthCheckStatus": ("passed", "running", "failed")[number % 3],
        "lastRefreshedDateTime": f"2026-11-{1 + number % 28:02}T09:{number % 60:02}:17.1234567Z",
    }


def device(number: int) -> Row:
    tenant = tenants()[number % TENANTS]
    return {
        "id": guid(f"device {number}"),
        "displayName": f"{tenant['displayName']} Cloud PC {number}",
        "tenantId": tenant["tenantId"],
        "tenantDisplayName": tenant["displayName"],
        "cloudPcStatus": ("provisioned", "provisioning", "inGracePeriod")[number % 3],
        "userPrincipalName": f"person{number}@tenant{number % TENANTS}.example.com",
        "deviceSpecification": "2vCPU/8GB/128GB",
        "servicePlanName": "Cloud PC Business 2vCPU/8GB/128GB",
        "servicePlanType": "Business",
        "provisioningPolicyId": guid(f"policy {number % 7}"),
        "managedDeviceId": guid(f"managed device {number}"),
        "lastRefreshedDateTime": f"2026-11-{1 + number % 28:02}T09:{number % 60:02}:17.1234567Z",
    }


def tenants() -> list[Row]:
    ids = [guid(f"tenant {number}") for number in range(TENANTS)]
    return [{"id": each, "tenantId": each, "displayName": f"Contoso {each[:4]}"} for each in ids]


def page(entity_set: str, rows: list[Row]) -> Row:
    return {"@odata.context": f"{CONTEXT}/{entity_set}({','.join(rows[0])})", "value": rows}


def entity(entity_set: str, row: Row) -> Row:
    return {"@odata.context": f"{CONTEXT}/{entity_set}({','.join(row)})/$entity", **row}


def batch(bodies: list[Row], status: int) -> Row:
    """https://learn.microsoft.com/graph/json-batching: the items come in any order, here the last first."""
    headers = {"Cache-Control": "no-store", "Content-Type": "application/json;odata.metadata=minimal"}
    items = [
        {"id": str(number), "status": status, "headers": headers, "body": body} for number, body in enumerate(bodies)
    ]
    return {"responses": items[::-1]}
