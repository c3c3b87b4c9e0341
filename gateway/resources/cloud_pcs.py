"""Windows 365 in the managed tenants.

https://learn.microsoft.com/graph/api/resources/managedtenants-cloudpcconnection?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-cloudpcdevice?view=graph-rest-beta
https://learn.microsoft.com/graph/api/resources/managedtenants-cloudpcoverview?view=graph-rest-beta
"""

from gateway.resources.base import GET, LIST, OPTIONAL, REQUIRED, Resource, instant, int32, key, text


class CloudPcConnection(
    Resource,
    entity_set="cloudPcConnections",
    documented=LIST | GET,
    read_permission="CloudPC.Read.All",
    write_permission="CloudPC.ReadWrite.All",
    natural_key=("tenantId", "displayName"),
):
    """The network connection of a managed tenant that its Cloud PCs use, and the state of its health check."""

    id = key("Identifies the connection. Assigned by Microsoft Graph.", on_create=OPTIONAL)
    displayName = text("Name of the connection, as people see it.", on_create=REQUIRED, on_update=OPTIONAL)
    tenantId = text("Entra tenant id of the managed tenant.", on_create=REQUIRED, on_update=OPTIONAL)
    tenantDisplayName = text("Name of the managed tenant.", on_create=REQUIRED, on_update=OPTIONAL)
    healthCheckStatus = text(
        "State of the connection's health check. Known values: pending, running, passed, failed, unknownFutureValue; "
        "Microsoft Graph also sends others, and sometimes with a capital letter.",
        on_create=REQUIRED,
        on_update=OPTIONAL,
    )
    lastRefreshedDateTime = instant(
        "When the multi-tenant platform last refreshed this object.", on_create=REQUIRED, on_update=OPTIONAL
    )


class CloudPcDevice(
    Resource,
    entity_set="cloudPcDevices",
    documented=LIST | GET,
    read_permission="CloudPC.Read.All",
):
    """A Cloud PC of a managed tenant: for whom it is, of which size, and whether it is ready."""

    id = key("Identifies the Cloud PC. Assigned by Microsoft Graph.")
    displayName = text("Name of the Cloud PC, as people see it.")
    tenantId = text("Entra tenant id of the managed tenant.")
    tenantDisplayName = text("Name of the managed tenant.")
    cloudPcStatus = text(
        "State of the Cloud PC. Known values: notProvisioned, provisioning, provisioned, upgrading, inGracePeriod, "
        "deprovisioning, failed."
    )
    userPrincipalName = text("User principal name of the user whom the Cloud PC is assigned to.")
    deviceSpecification = text("Size of the Cloud PC in one string, such as `2vCPU/8GB/128GB`.")
    servicePlanName = text("Name of the Windows 365 service plan, such as `Cloud PC Business 2vCPU/8GB/128GB`.")
    servicePlanType = text("Edition of the Windows 365 service plan, such as `Business` or `Enterprise`.")
    provisioningPolicyId = text("Identifies the provisioning policy that the Cloud PC is made by.")
    managedDeviceId = text("Identifies the device in Intune.")
    managedDeviceName = text("Name of the device in Intune.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")


class CloudPcOverview(
    Resource,
    entity_set="cloudPcsOverview",
    documented=LIST | GET,
    read_permission="CloudPC.Read.All",
):
    """How many Cloud PCs and connections one managed tenant has, by state, and how many licences of each edition."""

    tenantId = key("Entra tenant id of the managed tenant. This type has no `id`.")
    tenantDisplayName = text("Name of the managed tenant.")
    totalCloudPcStatus = int32("Number of Cloud PCs in any state.")
    numberOfCloudPcStatusNotProvisioned = int32("Number of Cloud PCs that are not provisioned.")
    numberOfCloudPcStatusProvisioning = int32("Number of Cloud PCs that are being provisioned.")
    numberOfCloudPcStatusProvisioned = int32("Number of Cloud PCs that are provisioned.")
    numberOfCloudPcStatusUpgrading = int32("Number of Cloud PCs that are being upgraded.")
    numberOfCloudPcStatusInGracePeriod = int32("Number of Cloud PCs in their grace period, before they are removed.")
    numberOfCloudPcStatusDeprovisioning = int32("Number of Cloud PCs that are being removed.")
    numberOfCloudPcStatusFailed = int32("Number of Cloud PCs whose provisioning failed.")
    numberOfCloudPcStatusUnknown = int32("Number of Cloud PCs whose state is unknown.")
    totalCloudPcConnectionStatus = int32("Number of connections in any state.")
    numberOfCloudPcConnectionStatusPending = int32("Number of connections whose health check has not begun.")
    numberOfCloudPcConnectionStatusRunning = int32("Number of connections whose health check is running.")
    numberOfCloudPcConnectionStatusPassed = int32("Number of connections whose health check passed.")
    numberOfCloudPcConnectionStatusFailed = int32("Number of connections whose health check failed.")
    numberOfCloudPcConnectionStatusUnkownFutureValue = int32(
        "Number of connections whose health check is in a newer state. The name is misspelt in Microsoft Graph."
    )
    totalBusinessLicenses = int32("Number of Cloud PCs with a Windows 365 Business licence.")
    totalEnterpriseLicenses = int32("Number of Cloud PCs with a Windows 365 Enterprise licence.")
    frontlineLicensesCount = int32("Number of Cloud PCs with a Windows 365 Frontline licence.")
    lastRefreshedDateTime = instant("When the multi-tenant platform last refreshed this object.")
