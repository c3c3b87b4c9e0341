"""What the actions do. A table: entity set and action, by the names that Graph has for them → effect on the store.

https://learn.microsoft.com/graph/api/resources/managedtenants-managementaction?view=graph-rest-beta and its like. The
pages tell parameters and results; how an action leaves what it was done to is the emulator's own reading of its name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.emulator.messages import Json, bad_request
from gateway.emulator.store import Row, Store
from gateway.resources.spec import EnumSpec, ResourceSpec

DEPLOYMENTS: Final = "managementActionTenantDeploymentStatuses"


@dataclass(frozen=True, slots=True)
class Act:
    """One action about to be done. `key` is empty for one on a set; `within` is the key of the entity above the set.

    `user` is the Entra id of the caller, `now` an Edm.DateTimeOffset.
    """

    store: Store
    spec: ResourceSpec
    key: str
    within: str
    given: Mapping[str, Json]
    user: Json
    now: str

    @property
    def row(self) -> Row:
        """What the action is bound to, which is there."""
        found = self.store.find(self.spec.entity_set, self.key, self.within)
        assert found is not None
        return found

    def change(self, **members: Json) -> Row:
        """Changes what the action is bound to, and says who did it, where its type has members for that."""
        stamps = {"lastActionByUserId": self.user, "lastActionDateTime": self.now}
        declared = {name: value for name, value in stamps.items() if self.spec.has_property(name)}
        return self.store.change(self.spec.entity_set, self.key, members | declared, self.within)


Effect = Callable[[Act], Json]
"""Does it; the result is a row, several, or a structured value, as the action declares."""


def _assign_tag(act: Act) -> Json:
    return _tag(act, [*_tagged(act), *act.given["tenantIds"]])


def _unassign_tag(act: Act) -> Json:
    return _tag(act, [each for each in _tagged(act) if each not in act.given["tenantIds"]])


def _tagged(act: Act) -> list[Json]:
    return [each.get("tenantId") for each in act.row["tenants"]]


def _tag(act: Act, tenant_ids: Iterable[Json]) -> Row:
    return act.change(tenants=[{"tenantId": each} for each in dict.fromkeys(tenant_ids)])


def _offboard_tenant(act: Act) -> Json:
    gone = {"onboardingStatus": "inactive", "offboardedDateTime": act.now, "offboardedByUserId": act.user}
    return _change_status(act, gone, {"onboardingStatus": "notOnboarded", "offboardedDateTime": act.now})


def _reset_tenant_onboarding_status(act: Act) -> Json:
    begun = {"onboardingStatus": "inProcess", "offboardedDateTime": None, "offboardedByUserId": None}
    return _change_status(act, begun, {"onboardingStatus": "notOnboarded", "offboardedDateTime": None})


def _change_status(act: Act, members: Mapping[str, Json], of_workload: Mapping[str, Json]) -> Json:
    status = act.row["tenantStatusInformation"] or {}
    workloads = [{**each, **of_workload} for each in status.get("workloadStatuses") or ()]
    return act.change(
        tenantStatusInformation={**status, **members, "workloadStatuses": workloads}, lastUpdatedDateTime=act.now
    )


def _tenant_search(act: Act) -> Json:
    tenant_id = act.given["tenantId"]
    groups = act.store.all(act.spec.entity_set)
    return [each for each in groups if each["allTenantsIncluded"] or tenant_id in each["tenantIds"]]


def _add_user_input_log(act: Act) -> Json:
    log = act.store.add(
        "managedTenantAlertLogs",
        {
            "content": {"displayName": act.given["logInformation"]},
            "createdByUserId": act.user,
            "createdDateTime": act.now,
            "lastActionByUserId": act.user,
            "lastActionDateTime": act.now,
        },
    )
    act.store.links.join(("managedTenantAlerts", "alertLogs"), act.key, log["id"])
    return act.change()


def _apply(act: Act) -> Json:
    users = {name: act.given[name] for name in ("includeGroups", "excludeGroups")}
    status = {
        "managementActionId": act.key,
        "managementTemplateId": act.given["managementTemplateId"],
        "managementTemplateVersion": act.row["referenceTemplateVersion"],
        "status": "inProgress",
        "workloadActionDeploymentStatuses": [
            {
                "actionId": each.get("actionId"),
                "deployedPolicyId": None,
                "error": None,
                "includeAllUsers": bool(act.given["includeAllUsers"]),
                "lastDeploymentDateTime": act.now,
                "status": "inProgress",
                **users,
            }
            for each in act.row["workloadActions"]
        ],
    }
    return _deploy(act, status)


def _change_action_deployment_status(act: Act) -> Json:
    """The status of an action in a tenant or group, which is the first one if it was never applied there."""
    _, old = _found(act, act.given["managementActionId"])
    named = ("managementActionId", "managementTemplateId", "managementTemplateVersion")
    status = {
        "workloadActionDeploymentStatuses": [],
        **old,
        **{name: act.given[name] for name in named},
        "status": _member(act, "statuses", "status"),
    }
    return _deploy(act, status)


def _deploy(act: Act, status: Row) -> Row:
    """Puts the status in the place of the older one of the same action."""
    row, _ = _found(act, status["managementActionId"])
    if row is None:
        place = {name: act.given[name] for name in ("tenantId", "tenantGroupId")}
        act.store.add(DEPLOYMENTS, {**place, "statuses": [status]})
    else:
        others = [each for each in row["statuses"] if each.get("managementActionId") != status["managementActionId"]]
        act.store.change(DEPLOYMENTS, row["id"], {"statuses": [*others, status]})
    return status


def _found(act: Act, action_id: Json) -> tuple[Row | None, Row]:
    """What is deployed in the tenant or group of the parameters, and the status of the action in it."""
    groups = {None, act.given["tenantGroupId"]}
    for row in act.store.all(DEPLOYMENTS):
        if row["tenantId"] == act.given["tenantId"] and groups <= {None, row["tenantGroupId"]}:
            return row, next((each for each in row["statuses"] if each.get("managementActionId") == action_id), {})
    return None, {}


def _change_step_deployment_status(act: Act) -> Json:
    tenant = {"tenantId": act.given["tenantId"]} if act.given["tenantId"] else {}
    return act.change(status=_member(act, "status"), error=None, **tenant)


def _member(act: Act, *path: str) -> Json:
    """The parameter `status`, a text, as a member of the enum of the property that it is written to."""
    properties, kind = act.spec.properties, None
    for name in path:
        kind = next(each.type for each in properties if each.name == name)
        properties = getattr(kind, "properties", ())
    assert isinstance(kind, EnumSpec)
    status = act.given["status"]
    if status not in {each.name for each in kind.members}:
        raise bad_request(f"The value '{status}' of the parameter 'status' is not valid.", "status")
    return status


EFFECTS: Final[Mapping[tuple[str, str], Effect]] = {
    ("tenantTags", "assignTag"): _assign_tag,
    ("tenantTags", "unassignTag"): _unassign_tag,
    ("tenants", "offboardTenant"): _offboard_tenant,
    ("tenants", "resetTenantOnboardingStatus"): _reset_tenant_onboarding_status,
    ("tenantGroups", "tenantSearch"): _tenant_search,
    ("managedTenantAlerts", "addUserInputLog"): _add_user_input_log,
    ("managementActions", "apply"): _apply,
    (DEPLOYMENTS, "changeDeploymentStatus"): _change_action_deployment_status,
    ("deployments", "changeDeploymentStatus"): _change_step_deployment_status,
}
