"""Devices of the managed tenants that Intune manages: whether they comply with policies, and how well they run.

https://learn.microsoft.com/graph/api/resources/managedtenants-manageddevicecompliance?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-aggregatedpolicycompliance?view=graph-rest-beta

The Graph reference has no page about `DeviceHealthStatus`. Its figures are those of Intune's endpoint analytics:
https://learn.microsoft.com/graph/api/resources/intune-devices-userexperienceanalyticsdeviceperformance?view=graph-rest-beta
"""

from gateway.resources.base import GET, LIST, Resource, double, instant, int32, int64, key, text


class ManagedDeviceCompliance(
    Resource,
    entity_set="managedDeviceCompliances",
    documented=LIST | GET,
    read_permission="DeviceManagementManagedDevices.Read.All",
):
    """A managed device, and whether it complies with the policies of its tenant."""

    id = key("Identifies the compliance of the device. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    managedDeviceId = text("Identifies the device in Intune.")
    managedDeviceName = text("Name of the device in Intune.")
    complianceStatus = text(
        "Whether the device complies. Known values: unknown, compliant, noncompliant, conflict, error, inGracePeriod, "
        "configManager; Microsoft Graph also sends others, and sometimes with a capital letter."
    )
    inGracePeriodUntilDateTime = instant("Until when a device that does not comply is tolerated.")
    deviceType = text(
        "Kind of device. Known values: desktop, windowsRT, winMO6, nokia, windowsPhone, mac, winCE, winEmbedded, "
        "iPhone, iPad, iPod, android, iSocConsumer, unix, macMDM, holoLens, surfaceHub, androidForWork, "
        "androidEnterprise, windows10x, androidnGMS, chromeOS, linux, blackberry, palm, unknown, cloudPC; "
        "Microsoft Graph also sends others, and sometimes with a capital letter."
    )
    manufacturer = text("Manufacturer of the device.")
    model = text("Model of the device.")
    osDescription = text("Operating system of the device, such as `Windows`.")
    osVersion = text("Version of the operating system, such as `10.0.19042.1083`.")
    ownerType = text("Whose device it is, such as `Company`.")
    lastSyncDateTime = instant("When the device last synchronized with Intune.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class ManagedDeviceComplianceTrend(
    Resource,
    entity_set="managedDeviceComplianceTrends",
    documented=LIST | GET,
    read_permission="DeviceManagementManagedDevices.Read.All",
):
    """How many devices of a managed tenant complied with its policies on one day."""

    id = key("Identifies the count. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    countDateTime = text("When the devices were counted: a string such as `2021-06-12`, not a `DateTime`.")
    compliantDeviceCount = int32("Number of devices that complied.")
    noncompliantDeviceCount = int32("Number of devices that did not comply.")
    inGracePeriodDeviceCount = int32("Number of devices that did not comply, but were tolerated for a while.")
    errorDeviceCount = int32("Number of devices with an error.")
    unknownDeviceCount = int32("Number of devices whose compliance was unknown.")
    configManagerDeviceCount = int32("Number of devices that Configuration Manager manages.")


class DeviceCompliancePolicySettingStateSummary(
    Resource,
    entity_set="deviceCompliancePolicySettingStateSummaries",
    documented=LIST | GET,
    read_permission="DeviceManagementManagedDevices.Read.All",
    get_permission="DeviceManagementConfiguration.Read.All",
    pages={LIST: "managedtenants-managedtenant-list-devicecompliancepolicysettingstatesummary"},
):
    """How many devices of a managed tenant meet one setting of its compliance policies."""

    id = key("Identifies the summary. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    intuneAccountId = text("Identifies the tenant's account in Intune.")
    intuneSettingId = text("Identifies the setting in Intune.")
    settingName = text("Name of the setting.")
    policyType = text("Kind of compliance policy.")
    succeededDeviceCount = int32("Number of devices on which the setting succeeded.")
    failedDeviceCount = int32("Number of devices on which the setting failed.")
    conflictDeviceCount = int32("Number of devices on which the setting is in conflict.")
    errorDeviceCount = int32("Number of devices on which the setting has an error.")
    pendingDeviceCount = int32("Number of devices on which the setting is pending.")
    notApplicableDeviceCount = int32("Number of devices that the setting does not apply to.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class AggregatedPolicyCompliance(
    Resource,
    entity_set="aggregatedPolicyCompliances",
    documented=LIST,
    read_permission="DeviceManagementConfiguration.Read.All",
):
    """How many devices of a managed tenant comply with one of its policies."""

    id = key("Identifies the compliance with the policy. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    compliancePolicyId = text("Identifies the policy.")
    compliancePolicyName = text("Name of the policy.")
    compliancePolicyPlatform = text(
        "The platform that the policy is for. Known values: android, androidForWork, iOS, macOS, windowsPhone81, "
        "windows81AndLater, windows10AndLater, androidWorkProfile, androidAOSP, all; Microsoft Graph also sends "
        "others, and sometimes with a capital letter."
    )
    compliancePolicyType = text("Kind of compliance policy.")
    policyModifiedDateTime = instant("When the policy was last changed.")
    numberOfCompliantDevices = int64("Number of devices that comply.")
    numberOfNonCompliantDevices = int64("Number of devices that do not comply.")
    numberOfErrorDevices = int64("Number of devices with an error.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class DeviceHealthStatus(Resource, entity_set="deviceHealthStatuses"):
    """How well a device of a managed tenant starts and runs."""

    id = key("Identifies the health of the device. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    deviceId = text("Identifies the device.")
    deviceName = text("Name of the device.")
    deviceMake = text("Manufacturer of the device.")
    deviceModel = text("Model of the device.")
    osVersion = text("Version of the operating system.")
    primaryDiskType = text("Kind of the primary disk. Intune has the values unknown, hdd, ssd.")
    healthStatus = text(
        "Health of the device. Intune has the values unknown, insufficientData, needsAttention, meetingGoals."
    )
    startupPerformanceScore = double("How well the device starts, as a score of endpoint analytics.")
    bootTotalDurationInSeconds = double("How long the device takes to start, in seconds.")
    blueScreenCount = int32("Number of blue screens. Intune counts those of the last 30 days.")
    restartCount = int32("Number of restarts. Intune counts those of the last 30 days.")
    topProcesses = text("The top processes of the device, in one string. Microsoft documents neither form nor measure.")
    lastUpdatedDateTime = instant("When the multi-tenant platform last updated this object.")
