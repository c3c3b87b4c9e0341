"""What stops a command at its start: one line that says what to change, exit code 2, and no trace."""

import socket
from collections.abc import Iterator

import pytest

from tests.system.process import gateway


@pytest.fixture(scope="module")
def taken() -> Iterator[str]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("command", "option"),
    [("serve", "--port"), ("run", "--port"), ("emulate", "--port"), ("emulate", "--entra-port")],
)
def test_a_port_that_is_taken(taken: str, command: str, option: str) -> None:
    """The line names the address, and the option with which to choose another."""
    others = ["--port", "0"] if option == "--entra-port" else []
    done = gateway(command, *others, option, taken)
    said = f"127.0.0.1:{taken} cannot be listened on (Address already in use): choose another address with --host or "
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{said}{option}\n")


def test_an_admin_port_that_is_taken(taken: str) -> None:
    """The line names the variable."""
    done = gateway("serve", "--port", "0", settings={"GATEWAY_ADMIN_PORT": taken})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"GATEWAY_ADMIN_PORT={taken}: cannot be listened on (Address already in use)"
    )
    assert "Traceback" not in done.stderr


def test_a_host_that_is_not_ours() -> None:
    """The address is named as it was given."""
    done = gateway("serve", "--host", "nowhere.invalid", "--port", "8000")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("nowhere.invalid:8000 cannot be listened on (")


@pytest.mark.parametrize("command", ["serve", "run", "schema", "check", "token"])
def test_settings_that_cannot_be_used(command: str) -> None:
    """Each fault is a line that names variable, value and what is allowed."""
    settings = {"GATEWAY_DEADLINE_SECONDS": "soon", "GATEWAY_MAX_DETPH": "5"}
    done = gateway(command, settings=settings)
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (
        2,
        "",
        [
            "GATEWAY_MAX_DETPH: no such setting; the nearest is GATEWAY_MAX_DEPTH",
            "GATEWAY_DEADLINE_SECONDS='soon': Input should be a valid number, unable to parse string as a number",
        ],
    )
