"""Each fault on the wire: what the client gets, what was done, and what the journal says."""

import base64
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import (
    CLAIMS,
    HTML,
    ChangedMembers,
    ClaimsChallenge,
    ClampedTop,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    EmptyPage,
    Fault,
    FaultRule,
    HtmlBody,
    HugeBody,
    IgnoredOptions,
    OmittedMembers,
    Redirect,
    Refuse,
    Stack,
    StrayNextLink,
    TruncatedBody,
)
from tests.clock import SteppingClock
from tests.emulator.client import CONNECTION, CONNECTION_TYPE, CONNECTIONS, TAGS, Client, refusal, without_control
from tests.harness import ISSUER

BODY = {"@odata.type": CONNECTION_TYPE, **CONNECTION}


async def post(graph: Client) -> httpx.Response:
    return await graph.send("POST", CONNECTIONS, json=BODY)


def stocked_count(graph: Client) -> int:
    return len(graph.emulator.store.all("cloudPcConnections"))


def outcome(graph: Client) -> tuple[int | None, bool]:
    """What the journal says of the last request."""
    return graph.emulator.journal[-1].status, graph.emulator.journal[-1].work_done


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("cut", [False, True])
async def test_a_status_without_a_body_has_none(graph: Client, status: int, cut: bool) -> None:
    """Whatever the fault says of it: HTTP knows no such answer, and the server would break over it."""
    refuse = Refuse(status)
    graph.emulator.faults.add(FaultRule(fault=Stack((TruncatedBody(), refuse)) if cut else refuse))
    response = await post(graph)
    assert (response.status_code, response.content) == (status, b"")
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    ("fault", "headers"),
    [
        pytest.param(Refuse(503, "serviceNotAvailable", "Later."), {}, id="plain"),
        pytest.param(
            Refuse(503, "serviceNotAvailable", "Later.", {"x-more": "1"}), {"x-more": "1"}, id="with a header"
        ),
        pytest.param(
            Refuse(503, "serviceNotAvailable", "Later.", retry_after_seconds=0), {"retry-after": "0"}, id="in seconds"
        ),
        pytest.param(
            Refuse(503, "serviceNotAvailable", "Later.", retry_after_seconds=90, retry_after_date=True),
            {"retry-after": "Fri, 15 Jan 2027 08:01:30 GMT"},
            id="at a date",
        ),
    ],
)
async def test_a_refusal_has_graphs_shape_and_no_effect(
    graph: Client, fault: Refuse, headers: Mapping[str, str]
) -> None:
    """Status, code, message and headers as asked for; nothing is done."""
    before = stocked_count(graph)
    graph.emulator.faults.add(FaultRule(fault=fault))
    response = await post(graph)
    assert refusal(response) == (503, "serviceNotAvailable", "Later.", None)
    assert {
        name: response.headers.get(name) for name in ("retry-after", "x-more") if name in response.headers
    } == headers
    assert (stocked_count(graph), outcome(graph)) == (before, (503, False))


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        pytest.param(ClaimsChallenge(), 401, "InvalidAuthenticationToken", id="as it is now"),
        pytest.param(ClaimsChallenge('{"a":1}', status=403), 403, "insufficient_claims", id="as it was"),
    ],
)
async def test_a_claims_challenge_carries_the_claims_encoded(
    graph: Client, fault: ClaimsChallenge, status: int, code: str
) -> None:
    """The header names the error and has the claims in base64."""
    graph.emulator.faults.add(FaultRule(fault=fault))
    response = await post(graph)
    assert refusal(response)[:2] == (status, code)
    scheme, _, parameters = response.headers["www-authenticate"].partition(" ")
    values = dict(each.split("=", 1) for each in parameters.split(", "))
    assert (scheme, values["error"]) == ("Bearer", '"insufficient_claims"')
    assert base64.b64decode(values["claims"].strip('"')).decode() == fault.claims
    assert ClaimsChallenge().claims == CLAIMS


@pytest.mark.parametrize("after_work", [False, True])
async def test_a_delay_passes_before_the_work_or_after_it(after_work: bool) -> None:
    """The answer is the usual one, later."""
    there: list[int] = []

    class Watching(SteppingClock):
        async def sleep(self, seconds: float) -> None:
            there.append(stocked_count(graph))
            await super().sleep(seconds)

    clock = Watching()
    graph = Client(Emulator(issuer=ISSUER, clock=clock))
    async with graph.http:
        before = stocked_count(graph)
        graph.emulator.faults.add(FaultRule(fault=Delay(2.5, after_work=after_work)))
        assert (await post(graph)).status_code == 201
    assert (clock.sleeps, there) == ([2.5], [before + after_work])


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        pytest.param(DropBefore(), False, id="before"),
        pytest.param(DropAfter(), True, id="after"),
        pytest.param(TruncatedBody(), True, id="within the body"),
    ],
)
async def test_a_dropped_connection_has_no_answer(graph: Client, fault: Fault, done: bool) -> None:
    """Whether the work was done is in the journal and the store only."""
    before = stocked_count(graph)
    graph.emulator.faults.add(FaultRule(fault=fault))
    with pytest.raises(httpx.ReadError):
        await post(graph)
    assert stocked_count(graph) == before + done
    assert graph.emulator.journal[-1].work_done is done


async def test_half_a_body_can_look_whole(graph: Client) -> None:
    """Without `announced` the length fits what is sent, and HTTP is intact."""
    graph.emulator.faults.add(FaultRule(fault=TruncatedBody(announced=False)))
    half = await graph.get(TAGS)
    whole = await graph.get(TAGS)
    assert half.status_code == 200
    assert half.content == whole.content[: len(whole.content) // 2]


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        pytest.param(HtmlBody(), False, id="before the work"),
        pytest.param(HtmlBody(201, after_work=True), True, id="after the work"),
    ],
)
async def test_html_comes_from_something_in_between(graph: Client, fault: HtmlBody, done: bool) -> None:
    """A page, without the headers by which Graph is known."""
    before = stocked_count(graph)
    graph.emulator.faults.add(FaultRule(fault=fault))
    response = await post(graph)
    assert (response.status_code, response.content) == (fault.status, HTML)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "request-id" not in response.headers
    assert (stocked_count(graph), outcome(graph)) == (before + done, (fault.status, done))


@pytest.mark.parametrize(
    ("fault", "status", "located"),
    [
        pytest.param(EmptyBody(), 201, True, id="the status as it is"),
        pytest.param(EmptyBody(status=204), 204, True, id="another status"),
        pytest.param(EmptyBody(location=False), 201, False, id="without Location"),
    ],
)
async def test_a_body_can_be_missing(graph: Client, fault: EmptyBody, status: int, located: bool) -> None:
    """The work is done; what is left is status and headers."""
    before = stocked_count(graph)
    graph.emulator.faults.add(FaultRule(fault=fault))
    response = await post(graph)
    assert (response.status_code, response.content, "content-type" in response.headers) == (status, b"", False)
    assert ("location" in response.headers, stocked_count(graph)) == (located, before + 1)


async def test_a_redirect_leads_elsewhere(graph: Client) -> None:
    """Nothing is done."""
    before = stocked_count(graph)
    graph.emulator.faults.add(FaultRule(fault=Redirect("https://other.example/", 307)))
    response = await post(graph)
    assert (response.status_code, response.headers["location"]) == (307, "https://other.example/")
    assert stocked_count(graph) == before


async def test_a_huge_body_is_valid(graph: Client) -> None:
    """The usual answer and a member of the given size."""
    graph.emulator.faults.add(FaultRule(fault=HugeBody(1000)))
    body = (await post(graph)).json()
    assert body.pop("padding") == "x" * 1000
    assert without_control(body) == {"id": body["id"], **CONNECTION}


@pytest.mark.parametrize(
    ("fault", "start"),
    [
        pytest.param(StrayNextLink(), f"https://elsewhere.example{CONNECTIONS}?", id="another host"),
        pytest.param(
            StrayNextLink(origin=None, path="/beta/me"), "https://graph.microsoft.com/beta/me?", id="another path"
        ),
    ],
)
@pytest.mark.parametrize("options", ["?$top=2", "?$top=100"], ids=["a page with a link", "the last page"])
async def test_a_next_link_can_lead_astray(graph: Client, fault: Fault, start: str, options: str) -> None:
    """The rows are the usual ones, the link leads to the wrong place; one is made up where there is none."""
    rows = await graph.rows(f"{CONNECTIONS}{options}")
    graph.emulator.faults.add(FaultRule(fault=fault, times=None))
    body = (await graph.get(f"{CONNECTIONS}{options}")).json()
    assert body["@odata.nextLink"].startswith(start)
    assert "$skiptoken=" in body["@odata.nextLink"]
    assert await graph.rows(f"{CONNECTIONS}{options}") == rows


async def test_an_empty_page_links_to_its_rows(graph: Client) -> None:
    """Rows are not lost: the link leads to where the page began, on the first page and on a later one."""
    wanted = await graph.rows(f"{CONNECTIONS}?$top=3&$skip=4")
    graph.emulator.faults.add(FaultRule(fault=EmptyPage(), times=2))
    first = (await graph.get(f"{CONNECTIONS}?$top=3&$skip=4")).json()
    second = (await graph.get(first["@odata.nextLink"])).json()
    assert (first["value"], second["value"]) == ([], [])
    assert await graph.rows(second["@odata.nextLink"]) == wanted


async def test_options_can_be_ignored(graph: Client) -> None:
    """Named options have no effect and raise no error, as Graph sometimes does; others hold."""
    graph.emulator.faults.add(FaultRule(fault=IgnoredOptions()))
    ignored = await graph.rows(f"{TAGS}?$filter=id eq 'nobody'&$top=2")
    assert ignored == graph.emulator.store.all("tenantTags")[:2]
    assert await graph.rows(f"{TAGS}?$filter=id eq 'nobody'&$top=2") == []


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param("$top=5", 2, id="a greater top"),
        pytest.param("$top=1", 1, id="a smaller top"),
        pytest.param("$orderby=id", 2, id="no top"),
    ],
)
async def test_a_top_can_be_clamped(graph: Client, options: str, count: int) -> None:
    """No page is longer, and the rest is behind the link."""
    graph.emulator.faults.add(FaultRule(fault=ClampedTop(2)))
    body = (await graph.get(f"{TAGS}?{options}")).json()
    assert len(body["value"]) == count
    assert len(await graph.rows(body["@odata.nextLink"])) > 0


async def test_a_clamped_top_must_be_a_number_all_the_same(graph: Client) -> None:
    """What is refused without the fault is refused with it."""
    graph.emulator.faults.add(FaultRule(fault=ClampedTop(2)))
    assert refusal(await graph.get(f"{TAGS}?$top=many"))[0] == 400


@pytest.mark.parametrize("path", [f"{TAGS}?$top=2", f"{TAGS}/911af051-5327-4437-aac5-489b37583613"])
async def test_members_can_be_changed_and_left_out(graph: Client, path: str) -> None:
    """Every entity of an answer, in a list or alone, is changed on its way out; the store is not."""
    plain = (await graph.get(path)).json()
    graph.emulator.faults.add(
        FaultRule(fault=ChangedMembers({"displayName": 5, "extra": True})), FaultRule(fault=OmittedMembers(("id",)))
    )
    changed, shortened = [(await graph.get(path)).json() for _ in range(2)]

    def entities(body: dict[str, Any]) -> list[dict[str, Any]]:
        return [without_control(each) for each in body.get("value", [body])]

    assert entities(changed) == [{**each, "displayName": 5, "extra": True} for each in entities(plain)]
    assert entities(shortened) == [
        {name: value for name, value in each.items() if name != "id"} for each in entities(plain)
    ]
    assert (await graph.get(path)).json() == plain


@pytest.mark.parametrize(
    ("path", "status"), [(f"{TAGS}/nobody", 404), (f"{TAGS}/$count", 200), ("/beta/$metadata", 200)]
)
async def test_what_is_no_entity_is_left_alone(graph: Client, path: str, status: int) -> None:
    """Refusals and answers that are not JSON pass as they are."""
    plain = await graph.get(path, headers={"client-request-id": "1"})
    graph.emulator.faults.add(FaultRule(fault=ChangedMembers({"extra": 1})))
    changed = await graph.get(path, headers={"client-request-id": "1"})
    assert (changed.status_code, changed.headers["content-type"]) == (status, plain.headers["content-type"])
    assert "extra" not in changed.text


async def test_faults_stack(graph: Client, clock: SteppingClock) -> None:
    """Several apply at once, the first outermost; none at all is the usual answer."""
    graph.emulator.faults.add(
        FaultRule(fault=Stack((Delay(1), ChangedMembers({"a": 1}), ChangedMembers({"a": 2, "b": 3}), ClampedTop(1)))),
        FaultRule(fault=Stack(())),
    )
    [row] = await graph.rows(f"{TAGS}?$select=id")
    assert (row["a"], row["b"], clock.sleeps) == (1, 3, [1])
    assert "a" not in (await graph.rows(TAGS))[0]


async def statuses(graph: Client, *requests: str) -> list[int]:
    return [(await graph.send(*each.split())).status_code for each in requests]


async def test_a_rule_is_about_a_method_and_a_path(graph: Client) -> None:
    """Other calls do not meet it and are not counted; the path is a regular expression that is looked for."""
    graph.emulator.faults.add(FaultRule(fault=Refuse(500), method="GET", path=r"Tags$", times=2))
    requests = (f"POST {TAGS}", f"GET {CONNECTIONS}", f"GET {TAGS}/x", *[f"GET {TAGS}"] * 3)
    assert await statuses(graph, *requests) == [415, 200, 404, 500, 500, 200]


async def test_a_rule_can_spare_the_first_calls(graph: Client) -> None:
    """`skip`, then `times`; None is without end."""
    graph.emulator.faults.add(FaultRule(fault=Refuse(500), skip=1), FaultRule(fault=Refuse(501), skip=2, times=None))
    assert await statuses(graph, *[f"GET {TAGS}"] * 5) == [200, 500, 200, 501, 501]


async def test_rules_follow_each_other(graph: Client) -> None:
    """Each is used up in its turn, in the order of arrival."""
    graph.emulator.faults.add(FaultRule(fault=Refuse(500)), FaultRule(fault=Refuse(501)))
    graph.emulator.faults.add(FaultRule(fault=Refuse(503)))
    assert await statuses(graph, *[f"GET {TAGS}"] * 4) == [500, 501, 503, 200]
