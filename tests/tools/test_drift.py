"""`gateway drift`: what of Microsoft Graph's metadata differs from the declarations."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.emulator.metadata import to_csdl
from gateway.graph.answer import VERSION_HINT
from gateway.graph.httpx_transport import build_client
from gateway.resources.catalog import CATALOG
from gateway.resources.model import Model
from gateway.tools.csdl import Csdl, CsdlError, CsdlReader
from gateway.tools.drift import Difference, compare, facts_of_csdl, facts_of_model, fetch, to_json, to_text
from tests.tools.csdl import CLOSING, GRAPH, NAMESPACE, OPENING, OWN, document
from tests.tools.small import MODEL

URL = "https://graph.microsoft.com/beta/$metadata"


def read(text: str | bytes, piece_bytes: int = 1000) -> Csdl:
    encoded = text.encode() if isinstance(text, str) else text
    reader = CsdlReader()
    for start in range(0, len(encoded), piece_bytes):
        reader.feed(encoded[start : start + piece_bytes])
    return reader.close()


def drift(text: str | bytes) -> list[tuple[str, str, str, str | None, str | None]]:
    differences = compare(facts_of_model(MODEL), facts_of_csdl(read(text)))
    return [(each.change, each.kind, each.name, each.declared, each.found) for each in differences]


def test_what_says_the_same_in_other_words_is_no_drift() -> None:
    """Base types, aliases and nullability, the sentinel of enums, and what nothing of the namespace leads to."""
    assert drift(document()) == []


@pytest.mark.parametrize("piece_bytes", [1, 7, 100_000])
def test_the_document_can_be_cut_anywhere(piece_bytes: int) -> None:
    """It is read as it comes."""
    assert facts_of_csdl(read(document(), piece_bytes)) == facts_of_model(MODEL)


def test_the_emulator_says_what_is_declared() -> None:
    """Both read the same declarations, each in its own way."""
    assert compare(facts_of_model(Model(CATALOG)), facts_of_csdl(read(to_csdl(CATALOG)))) == []


SETS = '<NavigationProperty Name="tenants" Type="Collection(self.tenant)" ContainsTarget="true"/>'


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param(
            SETS,
            SETS.replace("tenants", "renters"),
            [
                ("added", "entity set", "renters", None, "tenant"),
                ("removed", "entity set", "tenants", "tenant", None),
            ],
            id="a set has another name",
        ),
        pytest.param(
            SETS,
            SETS.replace("self.tenant", "self.alert"),
            [("changed", "entity set", "tenants", "tenant", "alert")],
            id="a set has another type",
        ),
        pytest.param(
            SETS,
            f'{SETS}<NavigationProperty Name="all" Type="Collection(self.tenant)"/>'
            '<NavigationProperty Name="one" Type="self.tenant" ContainsTarget="true"/>'
            '<Property Name="size" Type="Edm.Int32"/>',
            [
                ("added", "navigation property", "managedTenant.all", None, "Collection(tenant)"),
                ("added", "navigation property", "managedTenant.one", None, "tenant"),
                ("added", "property", "managedTenant.size", None, "Edm.Int32"),
            ],
            id="the namespace has what is no set",
        ),
        pytest.param(
            '<EntityType Name="log">',
            '<EntityType Name="new" BaseType="graph.entity"/><EntityType Name="log">',
            [
                ("added", "entity type", "new", None, "id"),
                ("added", "property", "new.id", None, "Edm.String"),
            ],
            id="an entity type",
        ),
        pytest.param(
            '<Property Name="id" Type="Edm.String"/>\n',
            '<Property Name="logId" Type="Edm.Int64"/>\n',
            [
                ("removed", "property", "log.id", "Edm.String", None),
                ("added", "property", "log.logId", None, "Edm.Int64"),
            ],
            id="a property has another name",
        ),
        pytest.param(
            '<PropertyRef Name="id"/>',
            '<PropertyRef Name="id"/><PropertyRef Name="count"/>',
            [("changed", "entity type", "log", "id", "id, count")],
            id="a key",
        ),
        pytest.param(
            '"count" Type="Edm.Int32"',
            '"count" Type="Collection(Edm.Int64)"',
            [("changed", "property", "log.count", "Edm.Int32", "Collection(Edm.Int64)")],
            id="type and number of a property",
        ),
        pytest.param(
            '"alert" Type="microsoft.graph.managedTenants.alert"',
            '"alert" Type="Collection(graph.user)"',
            [("changed", "navigation property", "log.alert", "alert", "Collection(microsoft.graph.user)")],
            id="where a link leads",
        ),
        pytest.param(
            '<Member Name="high" Value="1"/>',
            '<Member Name="higher" Value="1"/>',
            [
                ("removed", "member", "level.high", "", None),
                ("added", "member", "level.higher", None, ""),
            ],
            id="members of an enum",
        ),
        pytest.param(
            '"channel" IsFlags="true"',
            '"channel"',
            [("changed", "enum", "channel", "flags", "")],
            id="no flags any more",
        ),
        pytest.param(
            '<ComplexType Name="unreachable">',
            '<ComplexType Name="longNote" BaseType="self.note">'
            '<Property Name="x" Type="self.unreachable"/></ComplexType>'
            '<ComplexType Name="unreachable">',
            [
                ("added", "complex type", "longNote", None, ""),
                ("added", "property", "longNote.channel", None, "channel"),
                ("added", "property", "longNote.urls", None, "Collection(microsoft.graph.actionUrl)"),
                ("added", "property", "longNote.x", None, "unreachable"),
                ("added", "complex type", "unreachable", None, ""),
                ("added", "property", "unreachable.x", None, "Edm.Guid"),
            ],
            id="a derived type, and what it leads to",
        ),
        pytest.param(
            "(microsoft.graph.managedTenants.alert)"
            '"/>\n      <Parameter Name="reasons" Type="Collection(Edm.String)" Nullable="false"/>',
            "(microsoft.graph.managedTenants.alert)"
            '"/><Parameter Name="why" Type="Edm.String"/><Parameter Name="by" Type="graph.user"/>',
            [
                (
                    "changed",
                    "action",
                    "Collection(alert).resolve",
                    "(reasons: Collection(Edm.String)) → note",
                    "(by: microsoft.graph.user, why: Edm.String) → note",
                )
            ],
            id="parameters of an action",
        ),
        pytest.param(
            '<ReturnType Type="microsoft.graph.managedTenants.tenant"/>',
            "",
            [("changed", "action", "tenant.offboardTenant", "() → tenant", "() → nothing")],
            id="what an action answers with",
        ),
        pytest.param(
            '<Action Name="find"',
            '<Function Name="count" IsBound="true"><Parameter Name="of" Type="self.managedTenant"/>'
            '<ReturnType Type="Edm.Int64"/></Function><Action Name="find"',
            [("added", "function", "managedTenant.count", None, "() → Edm.Int64")],
            id="a function",
        ),
    ],
)
def test_each_kind_of_drift_is_found(old: str, new: str, found: list[tuple[str, ...]]) -> None:
    """What was added, removed or changed, with both sides of it."""
    assert OWN.count(old) == 1
    assert drift(document(OWN.replace(old, new))) == found


def test_types_of_other_namespaces_count_if_values_are_made_of_them() -> None:
    """`microsoft.graph.actionUrl` does; `user`, which nothing but its own kind uses, does not."""
    graph = GRAPH.replace('Name="url"', 'Name="link"').replace('Name="mail"', 'Name="upn"')
    assert drift(document(graph=graph)) == [
        ("added", "property", "microsoft.graph.actionUrl.link", None, "Edm.String"),
        ("removed", "property", "microsoft.graph.actionUrl.url", "Edm.String", None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "It is no well-formed XML: no element found: line 1, column 0.", id="nothing"),
        pytest.param("tenants", "It is no well-formed XML: syntax error: line 1, column 0.", id="no XML"),
        pytest.param(
            OPENING, f"It is no well-formed XML: no element found: line 1, column {len(OPENING)}.", id="cut off"
        ),
        pytest.param(
            f"{OPENING}</x>{' ' * 10_000}",
            f"It is no well-formed XML: mismatched tag: line 1, column {len(OPENING) + 2}.",
            id="crossing tags",
        ),
        pytest.param("<html/>", "It is no CSDL document: its root is not edmx:Edmx of OData 4.", id="no CSDL"),
        pytest.param(
            f"{OPENING}{CLOSING}",
            VERSION_HINT,
            id="without the namespace",
        ),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            "It has a document type declaration, which CSDL has no use for.",
            id="entities",
        ),
        pytest.param(document("<EntityType/>"), "EntityType has no attribute Name.", id="a type without a name"),
        pytest.param(
            document(OWN.replace('"log">', '"log" BaseType="graph.none">')),
            f"{NAMESPACE}.log: the base type microsoft.graph.none is not there, or leads back to it.",
            id="a base that is not there",
        ),
        pytest.param(
            document(OWN.replace('"log">', '"log" BaseType="self.log">')),
            f"{NAMESPACE}.log: the base type {NAMESPACE}.log is not there, or leads back to it.",
            id="a circle of bases",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(text: str, message: str) -> None:
    """In a line that says what is wrong with it."""
    with pytest.raises(CsdlError) as caught:
        drift(text)
    assert str(caught.value) == message


def test_the_table_shows_both_sides() -> None:
    """A line a difference; or one that says there is none."""
    differences = [
        Difference("changed", "property", "log.count", "Edm.Int32", "Edm.Int64"),
        Difference("removed", "member", "level.high", "", None),
    ]
    assert to_text(differences) == (
        "CHANGE   WHAT      NAME        DECLARED   IN GRAPH\n"
        "changed  property  log.count   Edm.Int32  Edm.Int64\n"
        "removed  member    level.high\n"
    )
    assert to_text([]) == "No drift.\n"


def test_json_has_the_same() -> None:
    """For scripts: null where a side does not have it."""
    assert to_json([Difference("added", "entity set", "x", None, "y")]) == {
        "drift": [{"change": "added", "kind": "entity set", "name": "x", "declared": None, "found": "y"}]
    }


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return build_client(ca_file=None, connections=1, transport=httpx.MockTransport(answer))


async def test_graph_is_asked_without_a_token() -> None:
    """Its metadata are for anybody."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert (str(request.url), request.headers.get("authorization")) == (URL, None)
        return httpx.Response(200, content=document())

    async with answering(answer) as client:
        assert facts_of_csdl(await fetch(client, URL)) == facts_of_model(MODEL)


def _fail(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(lambda _: httpx.Response(404), "It was answered with 404.", id="another status"),
        pytest.param(_fail, "It cannot be read (ReadTimeout).", id="no answer"),
    ],
)
async def test_a_graph_that_gives_no_metadata_is_told(
    answer: Callable[[httpx.Request], httpx.Response], message: str
) -> None:
    """As any other unreadable input."""
    async with answering(answer) as client:
        with pytest.raises(CsdlError) as caught:
            await fetch(client, URL)
    assert str(caught.value) == message


def test_the_exit_code_tells_drift_from_none(tmp_path: Path) -> None:
    """0 without, 1 with drift; the document is a file or standard input."""
    declared = to_csdl(CATALOG)
    result = CliRunner().invoke(main, ["drift", "-"], input=declared)
    assert (result.exit_code, result.output) == (0, "No drift.\n")
    file = tmp_path / "metadata.xml"
    file.write_bytes(declared.replace(b'"tenantTags"', b'"labels"'))
    result = CliRunner().invoke(main, ["drift", "--json", str(file)])
    assert result.exit_code == 1
    assert [(each["change"], each["name"]) for each in json.loads(result.output)["drift"]] == [
        ("added", "labels"),
        ("removed", "tenantTags"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["-"], "-: It is no well-formed XML: no element found: line 1, column 0.\n", id="input"),
        pytest.param([], "http://127.0.0.1:1/v1.0/$metadata: It cannot be read (Connection refused).\n", id="Graph"),
    ],
)
def test_unreadable_input_ends_the_command(arguments: list[str], said: str) -> None:
    """Exit code 2; without an argument it is Graph that is asked."""
    result = CliRunner().invoke(main, ["drift", *arguments], env={"GATEWAY_GRAPH_URL": "http://127.0.0.1:1"})
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)
