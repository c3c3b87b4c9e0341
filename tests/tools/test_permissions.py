"""`gateway permissions`: what documents need, field by field, and together."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import GraphQLObjectType

from gateway.app import build_documents
from gateway.cli import main
from gateway.resources.reference import Access
from gateway.schema.build import build_schema, to_graphql_core
from gateway.settings import Settings
from gateway.tools.permissions import (
    Needs,
    UnusableDocumentError,
    needs_of_schema,
    needs_of_text,
    to_json,
    to_permissions,
    to_text,
)
from tests.tools.small import READ, SMALL, WRITE

SCHEMA = to_graphql_core(build_schema(SMALL))
REFERENCE = "https://learn.microsoft.com/graph/api/managedtenants-{}?view=graph-rest-beta"
LIST_TENANTS, LIST_ALERTS = (REFERENCE.format(f"managedtenant-list-{each}") for each in ("tenants", "alerts"))


def needs_of(document: str, **environ: str) -> Needs:
    documents = build_documents(Settings.from_environ(environ), SCHEMA)
    return needs_of_text(documents, document, "some.graphql", SCHEMA)


def test_each_field_that_asks_graph_needs_something() -> None:
    """Root fields, links, joins, actions and bulk creates do; what is read from an answer does not."""
    document = """
        query Reads { all: alerts { nodes { id logs { nodes { ...Log } } } edges { node { tenant { __typename } } } } }
        mutation Writes {
          offboard(id: "1") { id alerts { totalCount } }
          resolve { urls { url } }
          createLogs(alertId: "1", inputs: []) { results { ... on Log { id } ... on ItemError { code } } }
        }
        query Introspection { __schema { description } }
        fragment Log on Log { id alert { id } note { channel } }
    """
    assert needs_of(document) == {
        "Query.alerts": Access("Alert", "Alerts.Read.All", LIST_ALERTS),
        "Alert.logs": Access("Log", None, None),
        "Alert.tenant": Access("Tenant", READ, LIST_TENANTS),
        "Mutation.offboard": Access("Tenant", WRITE, REFERENCE.format("tenant-offboardtenant")),
        "Tenant.alerts": Access("Alert", "Alerts.Read.All", LIST_ALERTS),
        "Mutation.resolve": Access("Alert", None, None),
        "Mutation.createLogs": Access("Log", None, None),
        "Log.alert": Access("Alert", "Alerts.Read.All", None),
    }


def test_the_whole_schema_needs_what_its_fields_need() -> None:
    """Every field that asks is in it, root fields first, and no other."""
    assert list(needs_of_schema(SCHEMA)) == [
        *(f"Query.{each}" for each in ("tenants", "tenant", "alerts", "alert", "log")),
        *("Mutation.createTenant", "Mutation.createTenants", "Mutation.updateTenant"),
        *("Mutation.deleteTenant", "Mutation.deleteTenants", "Mutation.offboard"),
        *("Mutation.createAlert", "Mutation.createAlerts", "Mutation.updateAlert"),
        *("Mutation.deleteAlert", "Mutation.deleteAlerts", "Mutation.resolve", "Mutation.find"),
        *("Mutation.createLog", "Mutation.createLogs", "Mutation.updateLog"),
        *("Mutation.deleteLog", "Mutation.deleteLogs"),
        *("Tenant.alerts", "Alert.logs", "Alert.tenant", "Log.alert"),
    ]


def test_the_description_of_a_field_tells_the_same() -> None:
    """Permission and page, or that there are none: of links and joins as of root fields."""
    described = {}
    for coordinate in ("Query.tenants", "Alert.tenant", "Alert.logs", "Log.alert", "Mutation.resolve"):
        owner, _, name = coordinate.partition(".")
        of = SCHEMA.type_map[owner]
        assert isinstance(of, GraphQLObjectType)
        described[coordinate] = (of.fields[name].description or "").partition("\n\n")[2]
    convention = "Microsoft Graph has no page about this: it rests on OData's conventions, and Graph may refuse it."
    assert described == {
        "Query.tenants": f"Least privileged delegated permission: `{READ}`. {LIST_TENANTS}",
        "Alert.tenant": f"Least privileged delegated permission: `{READ}`. {LIST_TENANTS}",
        "Alert.logs": f"Microsoft names no permission for it. {convention}",
        "Log.alert": f"Least privileged delegated permission: `Alerts.Read.All`. {convention}",
        "Mutation.resolve": f"Microsoft names no permission for it. {convention}",
    }


def test_a_permission_to_write_includes_the_one_to_read() -> None:
    """Together no more is asked for than is needed."""
    document = 'mutation { offboard(id: "1") { alerts { nodes { tenant { id } } } } }'
    assert to_permissions(needs_of(document)) == ["Alerts.Read.All", WRITE]
    assert to_permissions(needs_of("{ tenants { totalCount } }")) == [READ]


def test_the_table_ends_with_a_line_to_copy() -> None:
    """Fields without a named permission or page are marked, and counted below."""
    assert to_text(needs_of("{ tenants { totalCount } alerts { nodes { logs { totalCount } } } }")) == (
        "FIELD          LEAST PERMISSION         GRAPH PAGE\n"
        f"Query.tenants  ManagedTenants.Read.All  {LIST_TENANTS}\n"
        f"Query.alerts   Alerts.Read.All          {LIST_ALERTS}\n"
        "Alert.logs     (none named)             by convention\n"
        "\n"
        "Delegated permissions: Alerts.Read.All ManagedTenants.Read.All\n"
        "\n"
        "Fields for which Microsoft names none: 1\n"
    )


def test_a_document_that_asks_graph_for_nothing_needs_nothing() -> None:
    """Introspection is answered by the gateway itself."""
    assert to_text(needs_of("{ __typename }")) == (
        "FIELD  LEAST PERMISSION  GRAPH PAGE\n\nDelegated permissions: none\n"
    )


def test_json_has_the_same() -> None:
    """For scripts: null where nothing is named."""
    assert to_json(needs_of("{ tenants { nodes { alerts { nodes { logs { totalCount } } } } } }")) == {
        "permissions": ["Alerts.Read.All", READ],
        "fields": [
            {"field": "Query.tenants", "permission": READ, "page": LIST_TENANTS, "documented": True},
            {"field": "Tenant.alerts", "permission": "Alerts.Read.All", "page": LIST_ALERTS, "documented": True},
            {"field": "Alert.logs", "permission": None, "page": None, "documented": False},
        ],
    }


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("{\n  tenants {", "some.graphql:2:12: Syntax Error: Expected Name, found <EOF>.", id="syntax"),
        pytest.param(
            "{ tenants { nodes { name } } none }",
            "some.graphql:1:21: Cannot query field 'name' on type 'Tenant'.\n"
            "some.graphql:1:30: Cannot query field 'none' on type 'Query'.",
            id="two fields that are not there",
        ),
        pytest.param(
            "{ tenants { nodes { alerts { totalCount } } } }",
            "some.graphql: The operation has depth: 4. Allowed: 3 (GATEWAY_MAX_DEPTH).",
            id="a limit",
        ),
    ],
)
def test_a_document_that_the_gateway_would_refuse_is_refused(document: str, message: str) -> None:
    """In graphql-core's words, with file and location."""
    with pytest.raises(UnusableDocumentError) as caught:
        needs_of(document, GATEWAY_MAX_DEPTH="3")
    assert str(caught.value) == message


def test_documents_are_files_or_standard_input(tmp_path: Path) -> None:
    """Several are taken together."""
    file = tmp_path / "connections.graphql"
    file.write_text("{ cloudPcConnections { totalCount } }", encoding="utf-8")
    arguments = ["permissions", "--json", str(file), "-"]
    result = CliRunner().invoke(main, arguments, input="mutation { deleteTenantTag(id: 1) }")
    assert result.exit_code == 0
    assert json.loads(result.output)["permissions"] == ["CloudPC.Read.All", WRITE]


def test_without_documents_the_schema_is_told_as_the_settings_shape_it() -> None:
    """Writes that are switched off need nothing."""
    full, reduced = (
        CliRunner().invoke(main, ["permissions"], env={"GATEWAY_CONVENTION_WRITES": sets}).output
        for sets in ("cloudPcConnections", "none")
    )
    assert "Mutation.createCloudPcConnection " in full
    assert "Mutation.createCloudPcConnection " not in reduced
    assert "Query.cloudPcConnections " in reduced


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"{ none }", "1:3: Cannot query field 'none' on type 'Query'.", id="not of the schema"),
        pytest.param(b"\xff", " It is no UTF-8 text.", id="no text"),
    ],
)
def test_an_unusable_document_ends_the_command(tmp_path: Path, text: bytes, message: str) -> None:
    """Exit code 2, and nothing on standard output."""
    file = tmp_path / "some.graphql"
    file.write_bytes(text)
    result = CliRunner().invoke(main, ["permissions", str(file)])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{file}:{message}\n")
