"""How reliably apps run in the managed tenants.

The Graph reference has no pages about these types. Their figures are those of Intune's endpoint analytics:
https://learn.microsoft.com/graph/api/resources/intune-devices-userexperienceanalyticsapphealthapplicationperformance?view=graph-rest-beta
"""

from gateway.resources.base import Resource, instant, int32, key, text


class AppPerformance(Resource, entity_set="appPerformances"):
    """How reliably an app runs on all devices of a managed tenant."""

    id = key("Identifies the performance of the app. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    appName = text("Name of the app's program, such as `outlook.exe`.")
    appFriendlyName = text("Name of the app, as people see it, such as `Outlook`.")
    appPublisher = text("Publisher of the app.")
    totalActiveDeviceCount = int32("Number of devices that use the app.")
    totalAppCrashCount = int32("Number of times the app crashed.")
    totalAppFreezeCount = int32("Number of times the app stopped responding.")
    meanTimeToFailureInMinutes = int32("How long the app runs on average until it fails, in minutes.")
    lastUpdatedDateTime = instant("When the multi-tenant platform last updated this object.")


class DeviceAppPerformance(Resource, entity_set="deviceAppPerformances"):
    """How reliably one version of an app runs on one device of a managed tenant."""

    id = key("Identifies the performance of the app on the device. Assigned by Microsoft Graph.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    deviceId = text("Identifies the device.")
    deviceName = text("Name of the device.")
    deviceManufacturer = text("Manufacturer of the device.")
    deviceModel = text("Model of the device.")
    appName = text("Name of the app's program, such as `outlook.exe`.")
    appFriendlyName = text("Name of the app, as people see it, such as `Outlook`.")
    appPublisher = text("Publisher of the app.")
    appVersion = text("Version of the app.")
    isLatestUsedVersion = int32("Whether this is the newest version of the app in use: a number used as a flag.")
    isMostUsedVersion = int32("Whether this is the most used version of the app: a number used as a flag.")
    totalAppCrashCount = int32("Number of times the app crashed.")
    totalAppFreezeCount = int32("Number of times the app stopped responding.")
    healthStatus = text("Health of the app on the device.")
    lastUpdatedDateTime = instant("When the multi-tenant platform last updated this object.")
