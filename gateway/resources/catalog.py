"""All resources that the gateway offers, in the order of the schema."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from gateway.resources import (
    alerts,
    apps,
    cloud_pcs,
    devices,
    identity,
    management,
    notifications,
    protection,
    template_steps,
    templates,
    tenants,
)
from gateway.resources.spec import READS, ResourceSpec

CATALOG: tuple[ResourceSpec, ...] = (
    cloud_pcs.CloudPcConnection.spec,
    cloud_pcs.CloudPcDevice.spec,
    cloud_pcs.CloudPcOverview.spec,
    tenants.Tenant.spec,
    tenants.TenantDetailedInformation.spec,
    tenants.TenantCustomizedInformation.spec,
    tenants.TenantGroup.spec,
    tenants.TenantTag.spec,
    identity.ConditionalAccessPolicyCoverage.spec,
    identity.CredentialUserRegistrationsSummary.spec,
    identity.MyRole.spec,
    identity.AuditEvent.spec,
    devices.ManagedDeviceCompliance.spec,
    devices.ManagedDeviceComplianceTrend.spec,
    devices.DeviceCompliancePolicySettingStateSummary.spec,
    devices.AggregatedPolicyCompliance.spec,
    devices.DeviceHealthStatus.spec,
    protection.WindowsDeviceMalwareState.spec,
    protection.WindowsProtectionState.spec,
    apps.AppPerformance.spec,
    apps.DeviceAppPerformance.spec,
    alerts.ManagedTenantAlert.spec,
    alerts.ManagedTenantAlertLog.spec,
    alerts.ManagedTenantAlertRule.spec,
    alerts.ManagedTenantAlertRuleDefinition.spec,
    notifications.ManagedTenantApiNotification.spec,
    notifications.ManagedTenantEmailNotification.spec,
    notifications.ManagedTenantTicketingEndpoint.spec,
    management.ManagementAction.spec,
    management.ManagementActionTenantDeploymentStatus.spec,
    management.ManagementIntent.spec,
    templates.ManagementTemplate.spec,
    templates.ManagementTemplateCollection.spec,
    templates.ManagementTemplateCollectionTenantSummary.spec,
    template_steps.ManagementTemplateStep.spec,
    template_steps.ManagementTemplateStepVersion.spec,
    template_steps.ManagementTemplateStepDeployment.spec,
    template_steps.ManagementTemplateStepTenantSummary.spec,
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
