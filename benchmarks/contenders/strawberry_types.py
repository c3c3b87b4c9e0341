"""What the contenders on Strawberry share: types and resolvers. How Graph is called comes with a request's context."""

from typing import Any, Protocol

import strawberry

ROOT = "/v1.0/tenantRelationships/managedTenants"


class Context(Protocol):
    """Of one request, whose access token goes with each call."""

    async def ask_graph(self, method: str, path: str, body: Any = None) -> Any:
        """JSON → JSON. The path is below `ROOT`. Raises whatever the HTTP client raises for a refusal."""


Info = strawberry.Info[Context, None]


@strawberry.type
class Tenant:
    id: strawberry.ID
    display_name: str


@strawberry.type
class CloudPcConnection:
    id: strawberry.ID
    display_name: str
    tenant_id: str
    tenant_display_name: str
    health_check_status: str
    last_refreshed_date_time: str

    @strawberry.field
    async def tenant(self, info: Info) -> Tenant:
        row = await info.context.ask_graph("GET", f"/tenants/{self.tenant_id}")
        return Tenant(id=row["id"], display_name=row["displayName"])


@strawberry.type
class CloudPcDevice:
    id: strawberry.ID
    display_name: str
    tenant_id: str
    tenant_display_name: str
    cloud_pc_status: str
    user_principal_name: str
    device_specification: str
    service_plan_name: str
    service_plan_type: str
    provisioning_policy_id: str
    managed_device_id: str
    last_refreshed_date_time: str


@strawberry.type
class CloudPcConnectionConnection:
    nodes: list[CloudPcConnection]


@strawberry.type
class CloudPcDeviceConnection:
    nodes: list[CloudPcDevice]


@strawberry.input
class CreateCloudPcConnectionInput:
    display_name: str
    tenant_id: str
    tenant_display_name: str
    health_check_status: str
    last_refreshed_date_time: str


def to_connection(row: dict[str, Any]) -> CloudPcConnection:
    return CloudPcConnection(
        id=row["id"],
        display_name=row["displayName"],
        tenant_id=row["tenantId"],
        tenant_display_name=row["tenantDisplayName"],
        health_check_status=row["healthCheckStatus"],
        last_refreshed_date_time=row["lastRefreshedDateTime"],
    )


def to_device(row: dict[str, Any]) -> CloudPcDevice:
    return CloudPcDevice(
        id=row["id"],
        display_name=row["displayName"],
        tenant_id=row["tenantId"],
        tenant_display_name=row["tenantDisplayName"],
        cloud_pc_status=row["cloudPcStatus"],
        user_principal_name=row["userPrincipalName"],
        device_specification=row["deviceSpecification"],
        service_plan_name=row["servicePlanName"],
        service_plan_type=row["servicePlanType"],
        provisioning_policy_id=row["provisioningPolicyId"],
        managed_device_id=row["managedDeviceId"],
        last_refreshed_date_time=row["lastRefreshedDateTime"],
    )


@strawberry.type
class Query:
    @strawberry.field
    async def cloud_pc_connection(self, info: Info, id: strawberry.ID) -> CloudPcConnection:  # noqa: A002 - Graph's name
        return to_connection(await info.context.ask_graph("GET", f"/cloudPcConnections/{id}"))

    @strawberry.field
    async def cloud_pc_connections(self, info: Info, first: int | None = 50) -> CloudPcConnectionConnection:
        page = await info.context.ask_graph("GET", f"/cloudPcConnections?$top={first}")
        return CloudPcConnectionConnection(nodes=[to_connection(row) for row in page["value"]])

    @strawberry.field
    async def cloud_pc_devices(self, info: Info, first: int | None = 50) -> CloudPcDeviceConnection:
        page = await info.context.ask_graph("GET", f"/cloudPcDevices?$top={first}")
        return CloudPcDeviceConnection(nodes=[to_device(row) for row in page["value"]])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_cloud_pc_connection(self, info: Info, input: CreateCloudPcConnectionInput) -> CloudPcConnection:  # noqa: A002 - GraphQL's habit
        body = {
            "@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection",
            "displayName": input.display_name,
            "tenantId": input.tenant_id,
            "tenantDisplayName": input.tenant_display_name,
            "healthCheckStatus": input.health_check_status,
            "lastRefreshedDateTime": input.last_refreshed_date_time,
        }
        return to_connection(await info.context.ask_graph("POST", "/cloudPcConnections", body))
