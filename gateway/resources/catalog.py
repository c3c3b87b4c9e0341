"""All resources that the gateway offers, in the order of the schema."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import Operation, ResourceSpec
from gateway.resources.tenants import TenantTag

CATALOG: tuple[ResourceSpec, ...] = (
    CloudPcConnection.spec,
    TenantTag.spec,
)


def offered(catalog: Iterable[ResourceSpec], convention_writes: Collection[str]) -> tuple[ResourceSpec, ...]:
    """The catalog with writes that rest on convention only for the entity sets named."""
    return tuple(
        spec if spec.entity_set in convention_writes else replace(spec, by_convention=Operation(0)) for spec in catalog
    )
