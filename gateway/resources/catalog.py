"""All resources that the gateway offers, in the order of the schema."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from gateway.resources.apps import AppPerformance, DeviceAppPerformance
from gateway.resources.cloud_pcs import CloudPcConnection, CloudPcDevice, CloudPcOverview
from gateway.resources.devices import (
    AggregatedPolicyCompliance,
    DeviceCompliancePolicySettingStateSummary,
    DeviceHealthStatus,
    ManagedDeviceCompliance,
    ManagedDeviceComplianceTrend,
)
from gateway.resources.identity import (
    AuditEvent,
    ConditionalAccessPolicyCoverage,
    CredentialUserRegistrationsSummary,
    MyRole,
)
from gateway.resources.protection import WindowsDeviceMalwareState, WindowsProtectionState
from gateway.resources.spec import Operation, ResourceSpec
from gateway.resources.tenants import (
    Tenant,
    TenantCustomizedInformation,
    TenantDetailedInformation,
    TenantGroup,
    TenantTag,
)

CATALOG: tuple[ResourceSpec, ...] = (
    CloudPcConnection.spec,
    CloudPcDevice.spec,
    CloudPcOverview.spec,
    Tenant.spec,
    TenantDetailedInformation.spec,
    TenantCustomizedInformation.spec,
    TenantGroup.spec,
    TenantTag.spec,
    ConditionalAccessPolicyCoverage.spec,
    CredentialUserRegistrationsSummary.spec,
    MyRole.spec,
    AuditEvent.spec,
    ManagedDeviceCompliance.spec,
    ManagedDeviceComplianceTrend.spec,
    DeviceCompliancePolicySettingStateSummary.spec,
    AggregatedPolicyCompliance.spec,
    DeviceHealthStatus.spec,
    WindowsDeviceMalwareState.spec,
    WindowsProtectionState.spec,
    AppPerformance.spec,
    DeviceAppPerformance.spec,
)


def offered(catalog: Iterable[ResourceSpec], convention_writes: Collection[str]) -> tuple[ResourceSpec, ...]:
    """The catalog with writes that rest on convention only for the entity sets named."""
    return tuple(
        spec if spec.entity_set in convention_writes else replace(spec, by_convention=Operation(0)) for spec in catalog
    )
