"""Each action once: what it is given, the request that it makes, and what comes of it."""

from dataclasses import dataclass, field
from typing import Any

from gateway.emulator.app import Emulator
from tests.harness import Harness

NAMESPACE = "microsoft.graph.managedTenants"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action done once. `ids` are the arguments that make the path, `given` those that make the body."""

    name: str
    types: str
    selection: str
    path: str
    shown: Any
    ids: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    permission: str | None = "ManagedTenants.ReadWrite.All"

    @property
    def document(self) -> str:
        names = [*self.ids, *self.given]
        types = self.types.split()
        declared = ", ".join(f"${name}: {of}" for name, of in zip(names, types, strict=True))
        arguments = ", ".join(f"{name}: ${name}" for name in names)
        return f"mutation ({declared}) {{ {self.name}({arguments}) {{ {self.selection} }} }}"

    @property
    def wire_name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def is_read_back(self) -> bool:
        """Whether it answers with the object that it was done to."""
        return "id" in self.ids and isinstance(self.shown, dict) and "id" in self.shown

    async def run(self, gateway: Harness, **changes: Any) -> Any:
        return await gateway.execute(self.document, self.ids | self.given | changes)

    async def run_as(self, gateway: Harness, token: str) -> Any:
        return await gateway.execute(self.document, self.ids | self.given, as_=token)


ACTIONS = [
    Action(
        name="assignTag",
        types="ID! [String!]!",
        selection="id displayName tenants { tenantId }",
        ids={"id": "G"},
        given={"tenantIds": ["T", "U"]},
        path=f"tenantTags/G/{NAMESPACE}.assignTag",
        shown={"id": "G", "displayName": "Gold", "tenants": [{"tenantId": "S"}, {"tenantId": "T"}, {"tenantId": "U"}]},
    ),
    Action(
        name="unassignTag",
        types="ID! [String!]!",
        selection="id tenants { tenantId }",
        ids={"id": "G"},
        given={"tenantIds": ["S"]},
        path=f"tenantTags/G/{NAMESPACE}.unassignTag",
        shown={"id": "G", "tenants": []},
    ),
    Action(
        name="offboardTenant",
        types="ID!",
        selection="id tenantStatusInformation { onboardingStatus }",
        ids={"id": "T"},
        path=f"tenants/T/{NAMESPACE}.offboardTenant",
        shown={"id": "T", "tenantStatusInformation": {"onboardingStatus": "inactive"}},
    ),
    Action(
        name="resetTenantOnboardingStatus",
        types="ID!",
        selection="id tenantStatusInformation { onboardingStatus }",
        ids={"id": "T"},
        path=f"tenants/T/{NAMESPACE}.resetTenantOnboardingStatus",
        shown={"id": "T", "tenantStatusInformation": {"onboardingStatus": "inProcess"}},
    ),
    Action(
        name="tenantSearch",
        types="String!",
        selection="id displayName",
        given={"tenantId": "T"},
        path=f"tenantGroups/{NAMESPACE}.tenantSearch",
        shown=[{"id": "all", "displayName": None}, {"id": "some", "displayName": "Schools"}],
        permission="ManagedTenants.Read.All",
    ),
    Action(
        name="addUserInputLog",
        types="ID! String!",
        selection="id title alertLogs { nodes { content { displayName } } }",
        ids={"id": "A"},
        given={"logInformation": "Called the customer."},
        path=f"managedTenantAlerts/A/{NAMESPACE}.addUserInputLog",
        shown={
            "id": "A",
            "title": "Virus",
            "alertLogs": {"nodes": [{"content": {"displayName": "Called the customer."}}]},
        },
        permission=None,
    ),
    Action(
        name="applyManagementAction",
        types="ID! String! String! Boolean [String!]",
        selection="managementActionId managementTemplateVersion status statusRaw "
        "workloadActionDeploymentStatuses { actionId includeAllUsers includeGroups excludeGroups status }",
        ids={"id": "M"},
        given={"tenantId": "T", "managementTemplateId": "P", "includeAllUsers": True, "excludeGroups": ["g"]},
        path=f"managementActions/M/{NAMESPACE}.apply",
        shown={
            "managementActionId": "M",
            "managementTemplateVersion": 7,
            "status": "inProgress",
            "statusRaw": "inProgress",
            "workloadActionDeploymentStatuses": [
                {
                    "actionId": "W",
                    "includeAllUsers": True,
                    "includeGroups": [],
                    "excludeGroups": ["g"],
                    "status": "inProgress",
                }
            ],
        },
    ),
    Action(
        name="changeManagementActionDeploymentStatus",
        types="String! String! String! Int! String!",
        selection="managementActionId managementTemplateVersion status",
        given={
            "tenantId": "T",
            "managementActionId": "M",
            "managementTemplateId": "P",
            "managementTemplateVersion": 3,
            "status": "planned",
        },
        path=f"managementActionTenantDeploymentStatuses/{NAMESPACE}.changeDeploymentStatus",
        shown={"managementActionId": "M", "managementTemplateVersion": 3, "status": "planned"},
    ),
    Action(
        name="changeManagementTemplateStepDeploymentStatus",
        types="ID! ID! String! String",
        selection="id tenantId status",
        ids={"managementTemplateStepVersionId": "V", "id": "D"},
        given={"status": "completed", "tenantId": "U"},
        path=f"managementTemplateStepVersions/V/deployments/D/{NAMESPACE}.changeDeploymentStatus",
        shown={"id": "D", "tenantId": "U", "status": "completed"},
        permission=None,
    ),
]


def fill(emulator: Emulator) -> None:
    """Graph has one of each that the actions are about."""
    store = emulator.store
    store.clear()
    store.add("tenantTags", {"id": "G", "displayName": "Gold", "tenants": [{"tenantId": "S"}]})
    store.add("tenants", {"id": "T", "tenantStatusInformation": {"onboardingStatus": "active"}})
    store.add("tenantGroups", {"id": "all", "allTenantsIncluded": True})
    store.add("tenantGroups", {"id": "none", "tenantIds": ["U"]})
    store.add("tenantGroups", {"id": "some", "displayName": "Schools", "tenantIds": ["T"]})
    store.add("managedTenantAlerts", {"id": "A", "title": "Virus"})
    store.add("managementActions", {"id": "M", "referenceTemplateVersion": 7, "workloadActions": [{"actionId": "W"}]})
    store.add("managementTemplateStepVersions", {"id": "V"})
    store.add("deployments", {"id": "D", "tenantId": "T", "status": "inProgress"}, "V")
