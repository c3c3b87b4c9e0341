"""How apps and devices perform. `is…Version` are numbers, 1 for yes."""

from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Device, Draft, Tenant

APPS: Final = (
    ("OUTLOOK.EXE", "Microsoft Outlook", "Microsoft Corporation", ("16.0.18925.20138", "16.0.18827.20164")),
    ("ms-teams.exe", "Microsoft Teams", "Microsoft Corporation", ("25163.3611.3774.6315", "25122.1415.3698.6812")),
    ("msedge.exe", "Microsoft Edge", "Microsoft Corporation", ("137.0.3296.83", "136.0.3240.92")),
    ("ledger.exe", "Fabrikam Ledger", "Fabrikam, Inc.", ("4.2.0", "4.1.7")),
)
HEALTH: Final = ("meetingGoals", "meetingGoals", "needsAttention", "insufficientData")


def add_apps(draft: Draft) -> None:
    for tenant in draft.tenants:
        for app in APPS:
            draft.add("appPerformances", **_performance(draft, tenant, app[:3]))
    for device in draft.devices:
        if device.is_windows:
            draft.add("deviceHealthStatuses", **_health(draft, device))
            draft.add("deviceAppPerformances", **_performance_on(draft, device))


def _performance(draft: Draft, tenant: Tenant, app: tuple[str, str, str]) -> dict[str, Json]:
    return {
        **_named(app),
        "lastUpdatedDateTime": draft.moment(2),
        "meanTimeToFailureInMinutes": draft.one_of((2147483647, draft.number(300, 40000))),
        **tenant.named,
        "totalActiveDeviceCount": draft.number(3, 12),
        "totalAppCrashCount": draft.number(0, 9),
        "totalAppFreezeCount": draft.number(0, 4),
    }


def _performance_on(draft: Draft, device: Device) -> dict[str, Json]:
    *app, versions = draft.one_of(APPS)
    version = draft.one_of(versions)
    return {
        **_named(app),
        "appVersion": version,
        "deviceId": device.id,
        "deviceManufacturer": device.maker,
        "deviceModel": device.model,
        "deviceName": device.name,
        "healthStatus": draft.drifting(draft.one_of(HEALTH)),
        "isLatestUsedVersion": int(version == versions[0]),
        "isMostUsedVersion": int(version == versions[0]),
        "lastUpdatedDateTime": draft.moment(2),
        **device.tenant.named,
        "totalAppCrashCount": draft.number(0, 5),
        "totalAppFreezeCount": draft.number(0, 2),
    }


def _named(app: "tuple[str, str, str] | list[str]") -> dict[str, Json]:
    return dict(zip(("appName", "appFriendlyName", "appPublisher"), app, strict=True))


def _health(draft: Draft, device: Device) -> dict[str, Json]:
    return {
        "blueScreenCount": draft.number(0, 2),
        "bootTotalDurationInSeconds": round(20 + 60 * draft.chance.random(), 2),
        "deviceId": device.id,
        "deviceMake": device.maker,
        "deviceModel": device.model,
        "deviceName": device.name,
        "healthStatus": draft.drifting(draft.one_of(HEALTH)),
        "lastUpdatedDateTime": draft.moment(2),
        "osVersion": device.os_version,
        "primaryDiskType": draft.one_of(("ssd", "ssd", "hdd")),
        "restartCount": draft.number(0, 12),
        "startupPerformanceScore": float(draft.chance.randrange(20, 101)),
        **device.tenant.named,
        "topProcesses": "MsMpEng.exe,explorer.exe,OneDrive.exe",
    }
