"""Enums, numbers and structured values, from Microsoft Graph's JSON to an answer and from an input to its JSON."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.emulator.faults import FaultRule, IgnoredOptions
from tests.harness import Harness, running

RULES, TENANTS, GROUPS = "managedTenantAlertRules", "tenants", "tenantGroups"
HEALTH, COMPLIANCES = "deviceHealthStatuses", "aggregatedPolicyCompliances"
FUTURE = "unknownFutureValue"
WRONG_TYPE = "Microsoft Graph answered a value that is not of the declared type."
LEAST, MOST = -(2**63), 2**63 - 1


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    """With writes to all sets, before a Graph that has nothing."""
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as harness:
        harness.emulator.store.clear()
        yield harness


async def shown(gateway: Harness, entity_set: str, members: dict[str, Any], selection: str) -> tuple[Any, list[Any]]:
    """What is shown of a row with these members, and the paths of errors below it."""
    gateway.emulator.store.add(entity_set, {"id": "A", **members})
    answer = await gateway.execute(f"{{ {entity_set} {{ nodes {{ {selection} }} }} }}")
    errors = answer.get("errors", [])
    assert {(error["message"], error["extensions"]["code"]) for error in errors} <= {
        (WRONG_TYPE, "UPSTREAM_UNSUPPORTED")
    }
    [node] = answer["data"][entity_set]["nodes"]
    return node, [error["path"][3:] for error in errors]


# Answers


@pytest.mark.parametrize(
    ("value", "name", "raw"),
    [
        pytest.param("high", "high", "high", id="as declared"),
        pytest.param("High", "high", "High", id="in another case"),
        pytest.param("critical", FUTURE, "critical", id="not declared"),
        pytest.param(FUTURE, FUTURE, FUTURE, id="Graph's own word for it"),
        pytest.param("", FUTURE, "", id="empty"),
        pytest.param(None, None, None, id="null"),
        pytest.param(3, FUTURE, "3", id="a number"),
    ],
)
async def test_an_enum_is_a_name_and_graphs_own_text(
    gateway: Harness, value: Any, name: str | None, raw: str | None
) -> None:
    """Names are matched without regard to case, and what is not declared is not lost."""
    both = await shown(gateway, RULES, {"severity": value}, "severity severityRaw")
    assert both == ({"severity": name, "severityRaw": raw}, [])


async def test_an_enum_that_is_no_text_costs_its_text_alone(gateway: Harness) -> None:
    """The row stays."""
    node, failed = await shown(gateway, RULES, {"severity": {"a": 1}}, "severity severityRaw")
    assert (node, failed) == ({"severity": FUTURE, "severityRaw": None}, [["severityRaw"]])


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("api,email", ["api", "email"], id="two"),
        pytest.param("SMS, none", ["sms", "none"], id="spaces and case"),
        pytest.param("pager,api,fax", [FUTURE, "api"], id="unknown parts are one"),
        pytest.param("", [], id="none at all"),
        pytest.param(None, None, id="null"),
        pytest.param(5, [FUTURE], id="a number"),
    ],
)
async def test_flags_are_a_list_and_graphs_own_text(gateway: Harness, value: Any, names: list[str] | None) -> None:
    """Each name once, in Graph's order."""
    destinations = "notificationFinalDestinations"
    both = await shown(gateway, RULES, {destinations: value}, f"{destinations} {destinations}Raw")
    raw = None if value is None else str(value)
    assert both == ({destinations: names, f"{destinations}Raw": raw}, [])


async def test_enums_inside_are_as_those_outside(gateway: Harness) -> None:
    """In a structured value, and in a list of them within it."""
    status = {
        "onboardingStatus": "ACTIVE",
        "delegatedPrivilegeStatus": "some",
        "workloadStatuses": [{"onboardingStatus": "onboarded"}, {"onboardingStatus": "half"}, {}],
    }
    selection = "onboardingStatus onboardingStatusRaw"
    node, failed = await shown(
        gateway,
        TENANTS,
        {"tenantStatusInformation": status},
        f"tenantStatusInformation {{ {selection} delegatedPrivilegeStatus workloadStatuses {{ {selection} }} }}",
    )
    assert (node, failed) == (
        {
            "tenantStatusInformation": {
                "onboardingStatus": "active",
                "onboardingStatusRaw": "ACTIVE",
                "delegatedPrivilegeStatus": FUTURE,
                "workloadStatuses": [
                    {"onboardingStatus": "onboarded", "onboardingStatusRaw": "onboarded"},
                    {"onboardingStatus": FUTURE, "onboardingStatusRaw": "half"},
                    {"onboardingStatus": None, "onboardingStatusRaw": None},
                ],
            }
        },
        [],
    )


async def test_one_field_of_an_enum_asks_for_its_property(gateway: Harness) -> None:
    """Whichever it is, and once if it is both."""
    for selection in ("severity", "severityRaw", "severityRaw severity"):
        await gateway.execute(f'{{ managedTenantAlertRule(id: "A") {{ {selection} }} }}')
    assert [dict(entry.query) for entry in gateway.emulator.journal] == [{"$select": "id,severity"}] * 3


LONG, DOUBLE, INT = "numberOfCompliantDevices", "startupPerformanceScore", "blueScreenCount"


@pytest.mark.parametrize(
    ("entity_set", "name", "value", "expected"),
    [
        pytest.param(COMPLIANCES, LONG, MOST, MOST, id="the largest Long"),
        pytest.param(COMPLIANCES, LONG, LEAST, LEAST, id="the smallest Long"),
        pytest.param(COMPLIANCES, LONG, MOST + 1, None, id="beyond the largest Long"),
        pytest.param(COMPLIANCES, LONG, LEAST - 1, None, id="beyond the smallest Long"),
        pytest.param(COMPLIANCES, LONG, 10**30, None, id="far beyond"),
        pytest.param(COMPLIANCES, LONG, "5", None, id="a text for a Long"),
        pytest.param(COMPLIANCES, LONG, 3.0, None, id="a whole number with a point for a Long"),
        pytest.param(COMPLIANCES, LONG, 1.5, None, id="a fraction for a Long"),
        pytest.param(COMPLIANCES, LONG, True, None, id="a truth value for a Long"),
        pytest.param(HEALTH, INT, 2**31 - 1, 2**31 - 1, id="the largest Int"),
        pytest.param(HEALTH, INT, -(2**31), -(2**31), id="the smallest Int"),
        pytest.param(HEALTH, INT, 2**31, None, id="beyond the largest Int"),
        pytest.param(HEALTH, INT, 1.5, None, id="a fraction for an Int"),
        pytest.param(HEALTH, INT, 3.0, 3, id="a whole number with a point for an Int"),
        pytest.param(HEALTH, INT, "12", 12, id="a text for an Int"),
        pytest.param(HEALTH, INT, "many", None, id="a text that is no number for an Int"),
        pytest.param(HEALTH, DOUBLE, 0.1, 0.1, id="a fraction"),
        pytest.param(HEALTH, DOUBLE, 1e308, 1e308, id="a large number"),
        pytest.param(HEALTH, DOUBLE, 5, 5.0, id="a whole number for a Double"),
        pytest.param(HEALTH, DOUBLE, "INF", None, id="OData's infinity"),
        pytest.param(HEALTH, DOUBLE, "NaN", None, id="OData's NaN"),
        pytest.param(HEALTH, DOUBLE, "much", None, id="a text for a Double"),
        pytest.param(GROUPS, "allTenantsIncluded", False, False, id="a truth value"),
        pytest.param(GROUPS, "allTenantsIncluded", "false", None, id="a text for a truth value"),
        pytest.param(GROUPS, "tenantIds", ["a", ""], ["a", ""], id="texts"),
        pytest.param(GROUPS, "tenantIds", "a", None, id="a text for texts"),
        pytest.param(GROUPS, "tenantIds", None, None, id="null"),
    ],
)
async def test_what_cannot_be_shown_costs_its_field_alone(
    gateway: Harness, entity_set: str, name: str, value: Any, expected: Any
) -> None:
    """The field is null with an error beside; the row and its other fields stay."""
    node, failed = await shown(gateway, entity_set, {name: value}, f"id {name}")
    assert node == {"id": "A", name: expected}
    assert repr(node[name]) == repr(expected)
    assert failed == ([[name]] if expected is None and value is not None else [])


async def test_members_that_are_not_declared_are_dropped(gateway: Harness) -> None:
    """Of types that Graph may extend, and of any other."""
    data = {"displayName": "Data", "@odata.type": "#x", "deviceId": "d", "more": {"displayName": "x"}}
    node, failed = await shown(
        gateway,
        "managedTenantAlerts",
        {"alertData": data, "alertDataReferenceStrings": [data, {}], "extra": 1},
        "alertData { displayName } alertDataReferenceStrings { displayName }",
    )
    assert (node, failed) == (
        {
            "alertData": {"displayName": "Data"},
            "alertDataReferenceStrings": [{"displayName": "Data"}, {"displayName": None}],
        },
        [],
    )


# Inputs


async def sent(gateway: Harness, name: str, members: Any, *, literal: str | None = None) -> Any:
    """The body of the create of that name, without its type; or the errors, if nothing was sent."""
    declared = "" if literal else f"($input: Create{name}Input!)"
    document = f"mutation {declared} {{ create{name}(input: {literal or '$input'}) {{ id }} }}"
    answer = await gateway.execute(document, None if literal else {"input": members})
    if not gateway.sent:
        return answer["errors"]
    assert "errors" not in answer
    [entry] = gateway.emulator.journal
    return {each: value for each, value in entry.body.items() if each != "@odata.type"}


@pytest.mark.parametrize("is_literal", [False, True], ids=["variables", "literals"])
async def test_enums_are_sent_by_graphs_names(gateway: Harness, *, is_literal: bool) -> None:
    """Flags as one text; null as null."""
    members = {"severity": "high", "notificationFinalDestinations": ["api", "sms"], "alertTTL": 5}
    literal = "{ severity: high, notificationFinalDestinations: [api, sms], alertTTL: 5 }"
    assert await sent(gateway, "ManagedTenantAlertRule", members, literal=literal if is_literal else None) == {
        "severity": "high",
        "notificationFinalDestinations": "api,sms",
        "alertTTL": 5,
    }


async def test_null_is_sent_as_null(gateway: Harness) -> None:
    """Of an enum, of flags and of a structured value."""
    members = {"severity": None, "notificationFinalDestinations": None, "alertDisplayName": None}
    assert await sent(gateway, "ManagedTenantAlertRule", members) == members


async def test_what_is_inside_is_sent_as_it_was_given(gateway: Harness) -> None:
    """Objects in lists in objects, each with the members given; a list of one may be given without brackets."""
    actions = [
        {"category": "manual", "licenses": ["a"], "settings": [{"valueType": "guid", "overwriteAllowed": False}, {}]},
        {"category": None},
    ]
    assert await sent(gateway, "ManagementAction", {"category": "identity", "workloadActions": actions}) == {
        "category": "identity",
        "workloadActions": actions,
    }
    gateway.emulator.journal.clear()
    one = '{ workloadActions: { settings: { valueType: string }, licenses: "a" } }'
    assert await sent(gateway, "ManagementAction", None, literal=one) == {
        "workloadActions": [{"settings": [{"valueType": "string"}], "licenses": ["a"]}]
    }


@pytest.mark.parametrize(
    ("members", "path"),
    [
        pytest.param({"severity": FUTURE}, "input.severity", id="an enum"),
        pytest.param(
            {"notificationFinalDestinations": ["api", FUTURE]}, "input.notificationFinalDestinations.1", id="flags"
        ),
    ],
)
async def test_the_name_for_what_is_not_known_is_no_input(gateway: Harness, members: dict[str, Any], path: str) -> None:
    """Nobody can mean it."""
    [error] = await sent(gateway, "ManagedTenantAlertRule", members)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": [path]}


@pytest.mark.parametrize(
    ("name", "members", "where"),
    [
        pytest.param("ManagedTenantAlertRule", {"severity": "High"}, ".severity", id="an enum in another case"),
        pytest.param("ManagedTenantAlertRule", {"severity": "critical"}, ".severity", id="no name of the enum"),
        pytest.param("ManagedTenantAlertRule", {"severity": 1}, ".severity", id="a number for an enum"),
        pytest.param("ManagedTenantAlertRule", {"alertTTL": "5"}, ".alertTTL", id="a text for a number"),
        pytest.param("ManagedTenantAlertRule", {"alertTTL": 2**31}, ".alertTTL", id="a number too large"),
        pytest.param("ManagedTenantAlertRule", {"displayName": 5}, ".displayName", id="a number for a text"),
        pytest.param("ManagedTenantAlertRule", {"severityRaw": "x"}, "", id="the text of an enum"),
        pytest.param("ManagedTenantAlertRule", {"targets": [{"more": 1}]}, ".targets[0]", id="an undeclared member"),
        pytest.param("ManagedTenantAlertRule", {"lastRunDateTime": "now"}, ".lastRunDateTime", id="no date"),
        pytest.param("DeviceHealthStatus", {DOUBLE: "1.5"}, f".{DOUBLE}", id="a text for a Double"),
        pytest.param("TenantGroup", {"allTenantsIncluded": "true"}, ".allTenantsIncluded", id="a text for a Boolean"),
        pytest.param("TenantGroup", {"tenantIds": ["a", None]}, ".tenantIds[1]", id="null in a list"),
        pytest.param("AggregatedPolicyCompliance", {LONG: MOST + 1}, f".{LONG}", id="a Long too large"),
        pytest.param("AggregatedPolicyCompliance", {LONG: LEAST - 1}, f".{LONG}", id="a Long too small"),
        pytest.param("AggregatedPolicyCompliance", {LONG: 10**30}, f".{LONG}", id="a Long far too large"),
        pytest.param("AggregatedPolicyCompliance", {LONG: "5"}, f".{LONG}", id="a text for a Long"),
        pytest.param("AggregatedPolicyCompliance", {LONG: 1.0}, f".{LONG}", id="a number with a point for a Long"),
        pytest.param("AggregatedPolicyCompliance", {LONG: True}, f".{LONG}", id="a truth value for a Long"),
    ],
)
async def test_another_type_is_refused_by_its_path(
    gateway: Harness, name: str, members: dict[str, Any], where: str
) -> None:
    """Before anything is sent."""
    [error] = await sent(gateway, name, members)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].partition(": ")[0] == "Variable '$input' has invalid value" + (where and f" at {where}")


@pytest.mark.parametrize("number", [0, MOST, LEAST], ids=["zero", "the largest", "the smallest"])
async def test_a_long_is_sent_exactly(gateway: Harness, number: int) -> None:
    """As a literal and as a variable."""
    for literal in (None, f"{{ {LONG}: {number} }}"):
        gateway.emulator.journal.clear()
        assert await sent(gateway, "AggregatedPolicyCompliance", {LONG: number}, literal=literal) == {LONG: number}


@pytest.mark.parametrize("literal", [str(MOST + 1), str(LEAST - 1), "1.0", '"5"', "true", "high", "[1, 2]"])
async def test_a_literal_that_is_no_long_is_refused(gateway: Harness, literal: str) -> None:
    """Before anything is sent."""
    [error] = await sent(gateway, "AggregatedPolicyCompliance", None, literal=f"{{ {LONG}: {literal} }}")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_double_may_be_a_whole_number(gateway: Harness) -> None:
    """GraphQL takes it for one."""
    assert await sent(gateway, "DeviceHealthStatus", {DOUBLE: 5, INT: 3}) == {DOUBLE: 5, INT: 3}


# Filters

COMPARED: dict[str, tuple[str, str, list[Any]]] = {
    "severity": (RULES, "ManagedTenantAlertRule", ["high", "low", "medium", None]),
    "allTenantsIncluded": (GROUPS, "TenantGroup", [True, False, None]),
    INT: (HEALTH, "DeviceHealthStatus", [1, 2, None]),
    DOUBLE: (HEALTH, "DeviceHealthStatus", [0.5, 2.0]),
    LONG: (COMPLIANCES, "AggregatedPolicyCompliance", [MOST, MOST - 1]),
}
"""Property → its entity set and type, and the values that rows A, B, … have."""


@pytest.mark.parametrize(
    ("name", "given", "rendered", "found"),
    [
        pytest.param("severity", {"eq": "high"}, "severity eq 'high'", "A", id="an enum equals"),
        pytest.param("severity", {"ne": "high"}, "severity ne 'high'", "BCD", id="an enum differs"),
        pytest.param("severity", {"in": ["high", "low"]}, "severity in ('high','low')", "AB", id="one of enums"),
        pytest.param("severity", {"eq": None}, "severity eq null", "D", id="an enum is null"),
        pytest.param("severity", {"ne": None}, "severity ne null", "ABC", id="an enum is not null"),
        pytest.param("allTenantsIncluded", {"eq": True}, "allTenantsIncluded eq true", "A", id="true"),
        pytest.param("allTenantsIncluded", {"ne": True}, "allTenantsIncluded ne true", "BC", id="not true"),
        pytest.param(
            "allTenantsIncluded", {"in": [True, False]}, "allTenantsIncluded in (true,false)", "AB", id="either"
        ),
        pytest.param(INT, {"gt": 1, "le": 3}, f"{INT} le 3 and {INT} gt 1", "B", id="an Int between"),
        pytest.param(INT, {"in": [1, 7]}, f"{INT} in (1,7)", "A", id="one of Ints"),
        pytest.param(DOUBLE, {"lt": 1.5}, f"{DOUBLE} lt 1.5", "A", id="a Double less"),
        pytest.param(DOUBLE, {"ge": 2}, f"{DOUBLE} ge 2.0", "B", id="a Double, given as a whole number"),
        pytest.param(LONG, {"eq": MOST}, f"{LONG} eq {MOST}", "A", id="a Long, exactly"),
        pytest.param(LONG, {"lt": MOST}, f"{LONG} lt {MOST}", "B", id="a Long less by one"),
    ],
)
async def test_a_filter_compares_by_type(
    gateway: Harness, name: str, given: dict[str, Any], rendered: str, found: str
) -> None:
    """In OData's literals, and the rows that come are those that match."""
    entity_set, of, values = COMPARED[name]
    for key, value in zip("ABCD", values, strict=False):
        gateway.emulator.store.add(entity_set, {"id": key, name: value})
    answer = await gateway.execute(
        f"query ($f: {of}Filter) {{ {entity_set}(filter: $f) {{ nodes {{ id }} }} }}", {"f": {name: given}}
    )
    assert [node["id"] for node in answer["data"][entity_set]["nodes"]] == list(found)
    assert [dict(entry.query)["$filter"] for entry in gateway.emulator.journal] == [rendered]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        pytest.param({"eq": FUTURE}, "filter.severity.eq", id="equals"),
        pytest.param({"in": ["high", FUTURE]}, "filter.severity.in", id="one of"),
    ],
)
async def test_the_name_for_what_is_not_known_cannot_be_looked_for(
    gateway: Harness, given: dict[str, Any], path: str
) -> None:
    """Graph could not know what is meant."""
    answer = await gateway.execute(
        f"query ($f: ManagedTenantAlertRuleFilter) {{ {RULES}(filter: $f) {{ totalCount }} }}",
        {"f": {"severity": given}},
    )
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "BAD_USER_INPUT", "retryable": False, "fields": [path]}
    ]
    assert gateway.sent == []


@pytest.mark.parametrize(
    ("value", "given", "is_shown"),
    [
        pytest.param("High", {"eq": "high"}, True, id="the name in another case"),
        pytest.param("critical", {"ne": "high"}, True, id="a name that is not known"),
        pytest.param("low", {"eq": "high"}, False, id="another name: the filter was ignored"),
    ],
)
async def test_rows_are_checked_by_the_names_they_mean(
    gateway: Harness, value: str, given: dict[str, Any], *, is_shown: bool
) -> None:
    """As they are shown."""
    gateway.emulator.store.add(RULES, {"id": "A", "severity": value})
    gateway.emulator.faults.add(FaultRule(fault=IgnoredOptions()))
    answer = await gateway.execute(
        f"query ($f: ManagedTenantAlertRuleFilter) {{ {RULES}(filter: $f) {{ nodes {{ id }} }} }}",
        {"f": {"severity": given}},
    )
    assert answer["data"] == {RULES: {"nodes": [{"id": "A"}]} if is_shown else None}
    assert [error["extensions"]["code"] for error in answer.get("errors", [])] == (
        [] if is_shown else ["UPSTREAM_UNSUPPORTED"]
    )


@pytest.mark.parametrize("name", ["notificationFinalDestinations", "tenantIds", "severityRaw"])
async def test_what_cannot_be_compared_is_in_no_filter(gateway: Harness, name: str) -> None:
    """Flags, lists and structured values, nor the text of an enum."""
    for argument in (f"filter: {{ {name}: {{ eq: null }} }}", f"orderBy: {{ {name}: ASC }}"):
        answer = await gateway.execute(f"{{ {RULES}({argument}) {{ totalCount }} }}")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
