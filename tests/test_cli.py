"""The command line, as a person types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from gateway import __version__
from gateway.cli import COMMANDS, main
from gateway.commands.setup import to_markdown
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import WRITES

ROOT = Path(__file__).parents[1]


def test_the_schema_is_the_committed_file() -> None:
    """`gateway schema` and `schema.graphql` agree."""
    result = CliRunner().invoke(main, ["schema"])
    assert (result.exit_code, result.output) == (0, (ROOT / "schema.graphql").read_text(encoding="utf-8"))


def test_writes_by_convention_leave_the_schema_when_they_are_switched_off() -> None:
    """`GATEWAY_CONVENTION_WRITES=none` offers only what Graph documents."""
    result = CliRunner().invoke(main, ["schema"], env={"GATEWAY_CONVENTION_WRITES": "none"})
    assert "createCloudPcConnection" not in result.output
    assert "createTenantTag" in result.output


def test_the_settings_are_the_readme_table() -> None:
    """`gateway settings` prints the table that the README has."""
    result = CliRunner().invoke(main, ["settings"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (result.exit_code, result.output) == (0, to_markdown())
    assert f"<!-- settings -->\n{to_markdown()}<!-- /settings -->" in readme


def test_a_key_is_one_that_the_settings_take() -> None:
    """`gateway key` prints a fresh key each time."""
    one, other = (CliRunner().invoke(main, ["key"]).output.strip() for _ in range(2))
    assert one != other
    assert Fernet(one).decrypt(Fernet(one).encrypt(b"sealed")) == b"sealed"


def test_every_command_is_listed_with_what_it_does() -> None:
    """Only the one that is called is loaded, but the help knows all of them."""
    lines = CliRunner().invoke(main, ["--help"]).output.partition("Commands:\n")[2].splitlines()
    told = {name: text.strip() for name, _, text in (line.strip().partition(" ") for line in lines)}
    assert list(told) == list(COMMANDS)
    assert "" not in told.values()


def test_a_command_that_does_not_exist_is_refused() -> None:
    """With the usage, and exit code 2."""
    result = CliRunner().invoke(main, ["server"])
    assert (result.exit_code, "No such command 'server'" in result.stderr) == (2, True)


def test_the_version_is_told() -> None:
    """`gateway --version` is the package's."""
    assert __version__ in CliRunner().invoke(main, ["--version"]).output


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["run", "--port", "0"], ["schema"]])
def test_wrong_settings_stop_the_start_with_a_line_each(command: list[str]) -> None:
    """Exit code 2, and every fault at once."""
    environ = {"GATEWAY_GRAPH_VERSION": "v2", "GATEWAY_MAX_DETPH": "5"}
    result = CliRunner().invoke(main, command, env=environ)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "GATEWAY_MAX_DETPH: no such setting; the nearest is GATEWAY_MAX_DEPTH",
        "GATEWAY_GRAPH_VERSION='v2': Input should be 'v1.0' or 'beta'",
    ]


def test_a_store_that_cannot_be_opened_stops_the_start(tmp_path: Path) -> None:
    """A gateway that promises to keep keys must be able to."""
    environ = {"GATEWAY_STORE_URL": f"sqlite:///{tmp_path}/nowhere/store.db"}
    result = CliRunner().invoke(main, ["serve", "--port", "0"], env=environ)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        "GATEWAY_STORE_URL: the file cannot be used: unable to open database file",
    )


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        (
            {"GATEWAY_CONVENTION_WRITES": "tenantTags"},
            "GATEWAY_CONVENTION_WRITES='tenantTags': no entity set with such writes; there are "
            + ", ".join(sorted(spec.entity_set for spec in CATALOG if spec.by_convention & WRITES)),
        ),
    ],
)
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["schema"], ["permissions"], ["check"]])
def test_settings_that_do_not_fit_the_catalogue_stop_the_start(
    command: list[str], environ: dict[str, str], fault: str
) -> None:
    """What only the application can know is told the same way, by every command that it matters to."""
    result = CliRunner().invoke(main, command, env=environ)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, fault)
