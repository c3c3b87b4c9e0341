"""Members of enums that came later."""

from typing import Any

import pytest

from tests.emulator.client import ROOT, Client, without_control

TENANTS = f"{ROOT}/tenants"
ROLES = f"{ROOT}/myRoles"
PREFER = {"prefer": "return=representation, Include-Unknown-Enum-Members"}


async def statuses(graph: Client, headers: dict[str, str]) -> set[Any]:
    rows = await graph.rows(TENANTS, headers=headers)
    return {row["tenantStatusInformation"]["onboardingStatus"] for row in rows}


async def test_later_members_come_to_those_who_prefer_them(graph: Client) -> None:
    """All others see the sentinel; members that were there at first are the same for both."""
    first = {"active", "inProcess", "inactive", "ineligible"}
    assert await statuses(graph, PREFER) == first | {"disabled"}
    assert await statuses(graph, {"prefer": "return=representation"}) == first | {"unknownFutureValue"}


async def test_they_are_hidden_in_lists_of_objects_too(graph: Client) -> None:
    """Wherever an enum stands."""
    seen = [
        {each["assignmentType"] for row in await graph.rows(ROLES, headers=headers) for each in row["assignments"]}
        for headers in ({}, PREFER)
    ]
    assert seen == [
        {"unknownFutureValue", "delegatedAdminPrivileges"},
        {"granularDelegatedAdminPrivileges", "delegatedAdminPrivileges"},
    ]


@pytest.mark.parametrize("select", ["", "?$select=tenantStatusInformation", "?$select=id"])
async def test_one_entity_is_seen_in_the_same_way(graph: Client, select: str) -> None:
    """What is not selected is not there, hidden or not; the rest of the status is as it was."""
    row = next(
        row
        for row in graph.emulator.store.all("tenants")
        if row["tenantStatusInformation"]["onboardingStatus"] == "disabled"
    )
    shown, whole = [
        without_control((await graph.get(f"{TENANTS}/{row['id']}{select}", headers=headers)).json())
        for headers in ({}, PREFER)
    ]
    if "tenantStatusInformation" in whole:
        assert whole["tenantStatusInformation"] == row["tenantStatusInformation"]
        status = {**row["tenantStatusInformation"], "onboardingStatus": "unknownFutureValue"}
        hidden = (
            {"delegatedPrivilegeStatus": "unknownFutureValue"}
            if "ranular" in status["delegatedPrivilegeStatus"]
            else {}
        )
        whole["tenantStatusInformation"] = status | hidden
    assert shown == whole


async def test_nothing_is_hidden_in_nothing(graph: Client) -> None:
    """A null stays one."""
    graph.emulator.store.clear()
    graph.emulator.store.add("tenants", {"id": "1"})
    assert (await graph.rows(TENANTS))[0]["tenantStatusInformation"] is None
