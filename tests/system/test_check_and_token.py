"""`gateway check` and `gateway token` as processes, before the emulator's Graph and Entra."""

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.system.process import PUBLIC_APP, Emulation, browser, gateway, gateway_emulate, gateway_serve, program

LIST = "{ tenantTags(first: 1) { nodes { displayName } } }"


@pytest.fixture(scope="module")
def emulation() -> Iterator[Emulation]:
    with gateway_emulate() as emulation:
        yield emulation


def exchanging(emulation: Emulation, **changes: str) -> Mapping[str, str]:
    return {**emulation.settings, "GATEWAY_AUTH_MODE": "on-behalf-of", **changes}


def test_all_is_well(emulation: Emulation, tmp_path: Path) -> None:
    """Exit code 0; with a token every step was tried, and none failed."""
    token_file = tmp_path / "token"
    token_file.write_text(emulation.gateway_token)
    done = gateway("check", "--token-file", str(token_file), settings=exchanging(emulation))
    assert (done.returncode, done.stderr) == (0, "")
    subjects = re.findall(r"^ok +([^:]+):", done.stdout, re.MULTILINE)
    assert subjects == [
        "settings",
        "signing keys",
        "client credential",
        "Graph version",
        "access token",
        "consent",
        "permissions",
        "a read",
    ]
    assert emulation.gateway_token not in done.stdout


def test_a_token_can_come_from_standard_input(emulation: Emulation) -> None:
    """So that it is on no command line and in no file."""
    done = gateway("check", "--token-file", "-", settings=emulation.settings, text=f"{emulation.graph_token}\n")
    assert (done.returncode, "FAILED" in done.stdout) == (0, False)
    empty = gateway("check", "--token-file", "-", settings=emulation.settings, text="\n")
    assert (empty.returncode, empty.stderr) == (1, "Error: The file has no token in it.\n")


def test_a_graph_that_is_down_is_told(emulation: Emulation) -> None:
    """Exit code 1, and which setting to look at."""
    done = gateway("check", settings={**emulation.settings, "GATEWAY_GRAPH_URL": "http://127.0.0.1:1"})
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        "FAILED     Graph version: http://127.0.0.1:1 cannot be read (Connection refused).\n"
        "           Check GATEWAY_GRAPH_URL, GATEWAY_CA_FILE, and the way from the gateway to there.\n"
    ) in done.stdout


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("GATEWAY_GRAPH_URL", "Graph version: {url} cannot be read (its certificate is not trusted: "),
        ("GATEWAY_ENTRA_URL", "signing keys: Microsoft Entra cannot be reached (its certificate is not trusted: "),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told(emulation: Emulation, server: str, said: str) -> None:
    """Of Graph or of Entra: the hint names `GATEWAY_CA_FILE`."""
    url = emulation.settings["GATEWAY_ENTRA_URL"]
    done = gateway("check", settings=exchanging(emulation, **{"GATEWAY_CA_FILE": "", server: url}))
    assert (done.returncode, done.stderr) == (1, "")
    assert f"FAILED     {said.format(url=url)}" in done.stdout
    assert f"           Check {server}, GATEWAY_CA_FILE, and the way from the gateway to there." in done.stdout


def test_a_token_needs_a_trusted_entra(emulation: Emulation) -> None:
    """One line, and no trace."""
    done = gateway("token", "--device-code", settings={**emulation.settings, "GATEWAY_CA_FILE": ""})
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: Microsoft Entra cannot be reached (its certificate is not trusted: ")
    assert "GATEWAY_CA_FILE" in line


def test_a_device_code_brings_a_token(emulation: Emulation) -> None:
    """The code is told on standard error, the token alone goes to standard output, and the gateway takes it."""
    trusted = ssl.create_default_context(cafile=emulation.settings["GATEWAY_CA_FILE"])
    with program("token", "--device-code", "--client-id", PUBLIC_APP, settings=emulation.settings) as running:
        page = running.wait_for(r"open (https://\S+) in a browser")
        assert httpx.get(page, verify=trusted).status_code == 200
        assert running.process.wait(timeout=20) == 0
        [token] = running.output.splitlines()
    with gateway_serve(emulation.settings) as served:
        assert "errors" not in served.post(LIST, token=token).json()


def test_a_browser_brings_a_token(emulation: Emulation) -> None:
    """The person signs in at Entra's page, and is sent back to this machine."""
    settings = exchanging(emulation, BROWSER=browser(emulation))
    done = gateway("token", settings=settings)
    assert (done.returncode, done.stderr) == (
        0,
        "A browser opens; sign in there. Without a browser here: --device-code.\n",
    )
    with gateway_serve(exchanging(emulation)) as served:
        assert "errors" not in served.post(LIST, token=done.stdout.strip()).json()


def test_checking_can_sign_in_by_itself(emulation: Emulation) -> None:
    """`gateway check --sign-in` goes the whole way with the person's own token."""
    done = gateway("check", "--sign-in", settings=exchanging(emulation, BROWSER=browser(emulation)))
    assert (done.returncode, "FAILED" in done.stdout, "not tried" in done.stdout) == (0, False, False)
