"""Malware on the Windows devices of the managed tenants, and their protection from it.

https://learn.microsoft.com/graph/api/resources/managedtenants-windowsdevicemalwarestate?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-windowsprotectionstate?view=graph-rest-beta
"""

from gateway.resources.base import GET, LIST, Resource, boolean, instant, int32, key, text


class WindowsDeviceMalwareState(
    Resource,
    entity_set="windowsDeviceMalwareStates",
    documented=LIST | GET,
    read_permission="DeviceManagementManagedDevices.Read.All",
):
    """A piece of malware that was found on a Windows device, and what became of it."""

    id = key("Identifies the malware on the device. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    managedDeviceId = text("Identifies the device in Intune.")
    managedDeviceName = text("Name of the device in Intune.")
    deviceDeleted = boolean("Whether the device was deleted.")
    malwareId = text("Identifies the malware. The same malware has the same id on other devices.")
    malwareDisplayName = text("Name of the malware, such as `Trojan:Win32/Skeeyah.A!rfn`.")
    malwareCategory = text("Kind of malware, such as `Trojan`.")
    malwareSeverity = text("How dangerous the malware is, such as `Severe`.")
    malwareExecutionState = text("Whether the malware runs, such as `Unknown`.")
    malwareThreatState = text("What became of the threat, such as `Active`.")
    additionalInformationUrl = text("URL of a page about the malware.")
    detectionCount = int32("Number of times the malware was found on the device.")
    initialDetectionDateTime = instant("When the malware was first found on the device.")
    lastStateChangeDateTime = instant("When its state last changed.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class WindowsProtectionState(
    Resource,
    entity_set="windowsProtectionStates",
    documented=LIST | GET,
    read_permission="DeviceManagementManagedDevices.Read.All",
):
    """How a Windows device is protected from malware, when it was scanned, and what has to be done."""

    id = key("Identifies the protection of the device. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    managedDeviceId = text("Identifies the device in Intune.")
    managedDeviceName = text("Name of the device in Intune.")
    managedDeviceHealthState = text("Health of the device, such as `Clean`.")
    deviceDeleted = boolean("Whether the device was deleted.")
    malwareProtectionEnabled = boolean("Whether protection from malware is on.")
    realTimeProtectionEnabled = boolean("Whether files are checked as they are used.")
    networkInspectionSystemEnabled = boolean("Whether network traffic is inspected.")
    attentionRequired = boolean("Whether somebody has to look after the device.")
    rebootRequired = boolean("Whether the device has to restart.")
    fullScanRequired = boolean("Whether a full scan has to be made.")
    fullScanOverdue = boolean("Whether a full scan is overdue.")
    quickScanOverdue = boolean("Whether a quick scan is overdue.")
    signatureUpdateOverdue = boolean("Whether an update of the signatures is overdue.")
    antiMalwareVersion = text("Version of the anti-malware program.")
    engineVersion = text("Version of its scan engine.")
    signatureVersion = text("Version of its signatures.")
    lastFullScanDateTime = instant("When the last full scan was completed.")
    lastFullScanSignatureVersion = text("Version of the signatures that the last full scan used.")
    lastQuickScanDateTime = instant("When the last quick scan was completed.")
    lastQuickScanSignatureVersion = text("Version of the signatures that the last quick scan used.")
    lastReportedDateTime = instant("When the device last reported its protection.")
    devicePropertyRefreshDateTime = instant("When the properties of the device were last refreshed.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")
