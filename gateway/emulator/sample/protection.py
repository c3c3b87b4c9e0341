"""Microsoft Defender on the Windows devices: state of protection, and what it found."""

from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import Device, Draft

MALWARE: Final = (
    ("2147694406", "Trojan:Win32/Wacatac.B!ml", "Trojan", "Severe"),
    ("2147745502", "HackTool:Win32/AutoKMS", "Tool", "High"),
    ("2147724210", "PUA:Win32/Presenoker", "PotentialUnwantedSoftware", "Low"),
    ("2147519003", "Virus:DOS/EICAR_Test_File", "Virus", "Severe"),
)
HEALTH: Final = ("Clean",) * 9 + ("FullScanPending", "RebootPending", "Critical")
ENGINE: Final = "1.1.25050.2"
SIGNATURES: Final = ("1.431.86.0", "1.431.54.0", "1.429.311.0")


def add_protection(draft: Draft) -> None:
    for device in draft.devices:
        if device.is_windows:
            draft.add("windowsProtectionStates", **_protection(draft, device))
            if draft.chance.random() < 0.15:
                draft.add("windowsDeviceMalwareStates", **_malware(draft, device))


def _protection(draft: Draft, device: Device) -> dict[str, Json]:
    health, is_overdue = draft.one_of(HEALTH), draft.chance.random() < 0.1
    return {
        "antiMalwareVersion": "4.18.25050.5",
        "attentionRequired": health == "Critical",
        "deviceDeleted": False,
        "devicePropertyRefreshDateTime": draft.moment(3),
        "engineVersion": ENGINE,
        "fullScanOverdue": is_overdue,
        "fullScanRequired": health == "FullScanPending",
        "lastFullScanDateTime": None if is_overdue else draft.moment(40),
        "lastFullScanSignatureVersion": None if is_overdue else draft.one_of(SIGNATURES),
        "lastQuickScanDateTime": draft.moment(8),
        "lastQuickScanSignatureVersion": draft.one_of(SIGNATURES),
        "lastRefreshedDateTime": draft.moment(1),
        "lastReportedDateTime": draft.moment(2),
        "malwareProtectionEnabled": health != "Critical",
        "managedDeviceHealthState": draft.drifting(health),
        **device.named,
        "networkInspectionSystemEnabled": True,
        "quickScanOverdue": is_overdue,
        "realTimeProtectionEnabled": health != "Critical",
        "rebootRequired": health == "RebootPending",
        "signatureUpdateOverdue": is_overdue,
        "signatureVersion": draft.one_of(SIGNATURES),
    }


def _malware(draft: Draft, device: Device) -> dict[str, Json]:
    key, name, category, severity = draft.one_of(MALWARE)
    return {
        "additionalInformationUrl": f"https://go.microsoft.com/fwlink/?linkid=37020&threatid={key}",
        "detectionCount": draft.number(1, 6),
        "deviceDeleted": False,
        "initialDetectionDateTime": draft.moment(90, least=30),
        "lastRefreshedDateTime": draft.moment(1),
        "lastStateChangeDateTime": draft.moment(30),
        "malwareCategory": category,
        "malwareDisplayName": name,
        "malwareExecutionState": draft.one_of(("Blocked", "NotRunning", "Unknown")),
        "malwareId": key,
        "malwareSeverity": draft.drifting(severity),
        "malwareThreatState": draft.drifting(draft.one_of(("Quarantined", "Removed", "Active"))),
        **device.named,
    }
