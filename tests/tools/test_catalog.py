"""`gateway catalog` and `docs/catalog.md`: the catalogue as a page."""

from pathlib import Path

from click.testing import CliRunner

from gateway.cli import main
from gateway.tools.catalog import INTRODUCTION, to_markdown
from tests.tools.small import SMALL

PAGE = Path(__file__).parents[2] / "docs" / "catalog.md"
REFERENCE = "https://learn.microsoft.com/graph/api/managedtenants-{}?view=graph-rest-beta"


def test_the_page_is_the_committed_file() -> None:
    """`make catalog` writes what the command prints."""
    result = CliRunner().invoke(main, ["catalog"])
    assert (result.exit_code, result.output) == (0, PAGE.read_text(encoding="utf-8"))


def test_one_table_has_all_sets() -> None:
    """Each with its type, what is documented and what is not, its actions, and what it takes to read and to write."""
    overview = to_markdown(SMALL).removeprefix(INTRODUCTION).partition("\n## ")[0]
    assert overview == (
        "\nEntity sets of the namespace: 2. Sets that entities have of their own: 1.\n\n"
        "| entity set | type | documented | by convention | actions | to read | to write |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| [tenants](#tenants) | `Tenant` | list, get | create, update, delete | `offboard` "
        "| `ManagedTenants.Read.All` | `ManagedTenants.ReadWrite.All` |\n"
        "| [alerts](#alerts) | `Alert` | list, get, create | update, delete | `resolve`, `find` | `Alerts.Read.All` "
        "| none named |\n"
        "| [logs](#logs) of each Alert | `Log` |  | list, get, create, update, delete |  | none named | none named |\n"
    )


def test_each_set_has_a_section_of_its_fields() -> None:
    """Root fields, actions, links and joins, each with its permission and the page about it."""
    section = to_markdown(SMALL).partition("## alerts\n")[2].partition("\n## ")[0]
    pages = {
        each: f"[page]({REFERENCE.format(each)})"
        for each in (
            "managedtenant-list-alerts",
            "alert-get",
            "managedtenant-post-alerts",
            "alert-find",
            "managedtenant-list-tenants",
        )
    }
    listed, got, posted, found, tenants = pages.values()
    assert section == (
        "\nSomething happened.\n\n"
        "| field | what | permission | Graph reference |\n"
        "| --- | --- | --- | --- |\n"
        f"| `Query.alerts` | Lists alerts, a page at a time. | `Alerts.Read.All` | {listed} |\n"
        f"| `Query.alert` | Reads one Alert; null if there is none with this id. | `Alerts.Read.All` | {got} |\n"
        f"| `Mutation.createAlert` | Creates one Alert and answers with it. | none named | {posted} |\n"
        "| `Mutation.createAlerts` | Creates many alerts, 20 in one call to Graph; each has its own outcome. "
        f"| none named | {posted} |\n"
        "| `Mutation.updateAlert` | Changes one Alert and answers with it. | none named | by convention |\n"
        "| `Mutation.deleteAlert` | Deletes one Alert and answers with its id. | none named | by convention |\n"
        "| `Mutation.deleteAlerts` | Deletes many alerts, 20 in one call to Graph; each has its own outcome. "
        "| none named | by convention |\n"
        "| `Mutation.resolve` | Ends all \\| some. | none named | by convention |\n"
        f"| `Mutation.find` | Finds some. | `ManagedTenants.Read.All` | {found} |\n"
        "| `Alert.logs` | What was noted about it. | none named | by convention |\n"
        "| `Alert.tenant` | The Tenant with this `tenantId`; null if there is none. Found for all rows together. "
        f"| `ManagedTenants.Read.All` | {tenants} |\n"
    )
