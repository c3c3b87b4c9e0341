"""All resources that the gateway offers, in the order of the schema."""

from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import ResourceSpec
from gateway.resources.tenants import TenantTag

CATALOG: tuple[ResourceSpec, ...] = (
    CloudPcConnection.spec,
    TenantTag.spec,
)
