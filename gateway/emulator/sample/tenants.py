"""The customers themselves: contract, place, contacts, groups."""

from typing import Final

from gateway.emulator.messages import Json
from gateway.emulator.sample.draft import PEOPLE, STAFF, Draft, Tenant

TOWNS: Final = (
    ("Amsterdam", "NL", "Netherlands", "EU"),
    ("Bordeaux", "FR", "France", "EU"),
    ("Göteborg", "SE", "Sweden", "EU"),
    ("Leipzig", "DE", "Germany", "EU"),
    ("Portland", "US", "United States", "NA"),
    ("Madison", "US", "United States", "NA"),
    ("Auckland", "NZ", "New Zealand", "APAC"),
)
TRADES: Final = (
    ("Retail", "Consumer goods"),
    ("Health", "Providers"),
    ("Manufacturing", "Discrete"),
    ("Education", "Higher education"),
    ("Professional services", "Consulting"),
    ("Hospitality", "Travel"),
)
STATUSES: Final = ("active",) * 12 + ("inProcess", "inactive", "ineligible", "disabled", "active", "active")
PRIVILEGES: Final = (
    "granularDelegatedAdminPrivileges",
    "delegatedAdminPrivileges",
    "delegatedAndGranularDelegetedAdminPrivileges",
)
PLANS: Final = ("Managed endpoints", "Managed identity", "Security monitoring", "Backup", "Service desk")


def add_tenants(draft: Draft) -> None:
    for number, tenant in enumerate(draft.tenants):
        draft.add("tenants", **_tenant(draft, tenant, STATUSES[number % len(STATUSES)]))
        draft.add("tenantsDetailedInformation", **_details(draft, tenant))
        draft.add("tenantsCustomizedInformation", **_customized(draft, tenant))


def _tenant(draft: Draft, tenant: Tenant, status: str) -> dict[str, Json]:
    is_on_board = status == "active"
    begun, left = draft.moment(900, least=400), draft.moment(200)
    workloads = [
        {
            "displayName": name,
            "offboardedDateTime": None if is_on_board or status == "inProcess" else left,
            "onboardedDateTime": begun if is_on_board else None,
            "onboardingStatus": "onboarded" if is_on_board else "notOnboarded",
        }
        for name in ("Intune", "Entra ID", "Defender")
    ]
    return {
        "contract": {
            "contractType": draft.one_of((1, 1, 3)),
            "defaultDomainName": f"{tenant.label}.onmicrosoft.com",
            "displayName": tenant.name,
        },
        "createdDateTime": begun,
        "displayName": tenant.name,
        "lastUpdatedDateTime": draft.moment(20),
        "tenantId": tenant.id,
        "tenantStatusInformation": {
            "delegatedPrivilegeStatus": "none" if status == "ineligible" else draft.one_of(PRIVILEGES),
            "lastDelegatedPrivilegeRefreshDateTime": draft.moment(3),
            "offboardedByUserId": draft.one_of(STAFF) if status in {"inactive", "disabled"} else None,
            "offboardedDateTime": left if status in {"inactive", "disabled"} else None,
            "onboardedByUserId": draft.one_of(STAFF) if is_on_board else None,
            "onboardedDateTime": begun if is_on_board else None,
            "onboardingStatus": status,
            "tenantOnboardingEligibilityReason": "license" if status == "ineligible" else "none",
            "workloadStatuses": workloads,
        },
    }


def _details(draft: Draft, tenant: Tenant) -> dict[str, Json]:
    city, code, country, region = draft.one_of(TOWNS)
    industry, vertical = draft.one_of(TRADES)
    return {
        "city": city,
        "countryCode": code,
        "countryName": country,
        "defaultDomainName": f"{tenant.label}.onmicrosoft.com",
        "displayName": tenant.name,
        "industryName": industry,
        "region": region,
        "segmentName": draft.one_of(("SMB", "SMB", "Mid-market")),
        "tenantId": tenant.id,
        "verticalName": vertical,
    }


def _customized(draft: Draft, tenant: Tenant) -> dict[str, Json]:
    has_note = draft.chance.random() < 0.4
    person = draft.one_of(PEOPLE)
    contact = {
        "email": f"{person.split()[0].lower()}@{tenant.label}.example",
        "name": person,
        "notes": draft.one_of((None, "Calls back after 15:00.", "Signs for orders.")),
        "phone": f"+1 555 01{draft.chance.randrange(100):02}",
        "title": draft.one_of(("Office manager", "Head of IT", "Owner")),
    }
    return {
        "businessRelationship": draft.one_of(("Managed", "Managed", "Co-managed", None)),
        "complianceRequirements": draft.one_of(([], ["GDPR"], ["GDPR", "ISO 27001"], ["HIPAA"])),
        "contacts": [contact],
        "displayName": tenant.name,
        "managedServicesPlans": sorted(draft.chance.sample(PLANS, draft.number(0, 3))),
        "note": "Change freeze in December." if has_note else None,
        "noteLastModifiedDateTime": draft.moment(120) if has_note else None,
        "partnerRelationshipManagerUserIds": [draft.one_of(STAFF)],
        "tenantId": tenant.id,
        "website": f"https://www.{tenant.label}.example",
    }
