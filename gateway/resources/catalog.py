"""All resources that the gateway offers, in the order of the schema."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import READS, ResourceSpec
from gateway.resources.tenants import TenantTag

CATALOG: tuple[ResourceSpec, ...] = (
    CloudPcConnection.spec,
    TenantTag.spec,
)


ALL_SETS: Final = "all"
"""Stands for every entity set where sets are named."""


def offered(catalog: Iterable[ResourceSpec], convention_writes: Collection[str]) -> tuple[ResourceSpec, ...]:
    """The catalog with writes that rest on convention only for the entity sets named."""
    return tuple(
        spec
        if ALL_SETS in convention_writes or spec.entity_set in convention_writes
        else replace(spec, by_convention=spec.by_convention & READS)
        for spec in catalog
    )


def all_permissions(catalog: Iterable[ResourceSpec]) -> frozenset[str]:
    """The delegated permissions that all of it together needs."""
    named = (
        permission
        for spec in catalog
        for permission in (*spec.permissions.values(), *(action.permission for action in spec.actions))
    )
    return frozenset(permission for permission in named if permission)
