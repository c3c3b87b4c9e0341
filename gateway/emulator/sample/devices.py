"""Managed devices, and how far they comply with the policies for them."""

from datetime import timedelta
from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import NOW, Device, Draft, Tenant

MODELS: Final = (
    ("desktop", "Dell Inc.", "Latitude 5450", "Windows", "10.0.26100.4349"),
    ("desktop", "LENOVO", "ThinkPad X1 Carbon Gen 12", "Windows", "10.0.22631.5472"),
    ("desktop", "Microsoft Corporation", "Surface Laptop 6", "Windows", "10.0.26100.4202"),
    ("desktop", "HP", "EliteBook 840 G11", "Windows", "10.0.19045.6093"),
    ("iPhone", "Apple", "iPhone 15", "iOS", "18.5"),
    ("androidForWork", "samsung", "SM-A556B", "Android", "15.0"),
    ("macMDM", "Apple", "MacBook Air", "macOS", "15.5 (24F74)"),
)
CLOUD_PC: Final = (
    "cloudPC",
    "Microsoft Corporation",
    "Cloud PC Enterprise 2vCPU/8GB/128GB",
    "Windows",
    "10.0.26100.4349",
)
STATUSES: Final = ("compliant",) * 8 + ("noncompliant", "noncompliant", "inGracePeriod", "error", "unknown")
COUNTED: Final = (
    ("compliantDeviceCount", "compliant"),
    ("configManagerDeviceCount", "configManager"),
    ("errorDeviceCount", "error"),
    ("inGracePeriodDeviceCount", "inGracePeriod"),
    ("noncompliantDeviceCount", "noncompliant"),
    ("unknownDeviceCount", "unknown"),
)
DAYS: Final = 7
SETTINGS: Final = (
    ("Windows10CompliancePolicy.BitLockerEnabled", "BitLocker"),
    ("Windows10CompliancePolicy.SecureBootEnabled", "Secure Boot"),
    ("Windows10CompliancePolicy.OsMinimumVersion", "Minimum version of Windows"),
    ("DefaultDeviceCompliancePolicy.RequireRemainContact", "Has been in contact"),
)
POLICIES: Final = (("Windows baseline", "windows10AndLater"), ("Phones", "iOS"), ("Phones", "androidWorkProfile"))


def add_devices(draft: Draft) -> None:
    for tenant in draft.tenants:
        statuses = [_add_device(draft, tenant, number) for number in range(draft.number(6, 15))]
        _add_trends(draft, tenant, statuses)
        account = draft.guid()
        for setting, name in SETTINGS:
            draft.add("deviceCompliancePolicySettingStateSummaries", **_setting(draft, tenant, account, setting, name))
        for name, platform in POLICIES:
            draft.add("aggregatedPolicyCompliances", **_policy(draft, tenant, name, platform))


def _add_device(draft: Draft, tenant: Tenant, number: int) -> str:
    """A device with its row; returns its compliance status. The first three of a tenant are Cloud PCs."""
    kind, maker, model, os, version = CLOUD_PC if number < 3 else draft.one_of(MODELS)
    prefix = "CPC" if kind == "cloudPC" else tenant.label[:3].upper()
    device = Device(
        tenant, draft.guid(), f"{prefix}-{draft.chance.getrandbits(32):08X}", kind, maker, model, os, version
    )
    draft.devices.append(device)
    status = draft.one_of(STATUSES)
    draft.add(
        "managedDeviceCompliances",
        complianceStatus=draft.drifting(status),
        deviceType=kind,
        inGracePeriodUntilDateTime="2026-12-01T00:00:00.0000000Z" if status == "inGracePeriod" else None,
        lastRefreshedDateTime=draft.moment(1),
        lastSyncDateTime=draft.moment(12),
        **device.named,
        manufacturer=maker,
        model=model,
        osDescription=os,
        osVersion=version,
        ownerType=draft.one_of(("Company", "Company", "Personal")),
    )
    return status


def _add_trends(draft: Draft, tenant: Tenant, statuses: list[str]) -> None:
    """The last day is what the devices are now; before, one or the other was different."""
    for days in range(DAYS):
        counts: dict[str, Json] = {name: statuses.count(status) for name, status in COUNTED}
        draft.add(
            "managedDeviceComplianceTrends",
            **counts,
            countDateTime=f"{NOW - timedelta(days=days):%Y-%m-%d}",
            **tenant.named,
        )
        statuses[draft.chance.randrange(len(statuses))] = draft.one_of(STATUSES)


def _setting(draft: Draft, tenant: Tenant, account: str, setting: str, name: str) -> dict[str, Json]:
    return {
        "conflictDeviceCount": 0,
        "errorDeviceCount": draft.number(0, 1),
        "failedDeviceCount": draft.number(0, 4),
        "intuneAccountId": account,
        "intuneSettingId": setting,
        "lastRefreshedDateTime": draft.moment(2),
        "notApplicableDeviceCount": draft.number(0, 3),
        "pendingDeviceCount": draft.number(0, 2),
        "policyType": setting.partition(".")[0],
        "settingName": name,
        "succeededDeviceCount": draft.number(2, 12),
        **tenant.named,
    }


def _policy(draft: Draft, tenant: Tenant, name: str, platform: str) -> dict[str, Json]:
    return {
        "compliancePolicyId": draft.guid(),
        "compliancePolicyName": name,
        "compliancePolicyPlatform": draft.drifting(platform),
        "compliancePolicyType": f"{platform}CompliancePolicy",
        "lastRefreshedDateTime": draft.moment(2),
        "numberOfCompliantDevices": draft.number(2, 12),
        "numberOfErrorDevices": draft.number(0, 2),
        "numberOfNonCompliantDevices": draft.number(0, 4),
        "policyModifiedDateTime": draft.moment(500),
        **tenant.named,
    }
