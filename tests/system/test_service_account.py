"""`service-account` as an operator and two apps meet it: processes, the emulator's Graph and Entra, a shared store."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.process import Emulation, Gateway, browser, gateway, gateway_emulate, gateway_serve, program, until
from tests.system.redis import redis_server

READ = "{ tenantTags(first: 1) { nodes { displayName } } }"
CREATE = 'mutation New { createTenantTag(input: { displayName: "Gold" }) { id } }'
NAME = "Robin – robin@contoso.example"
LOST = "Microsoft Entra does not let this gateway act as its account any more (invalid_grant, AADSTS50173)."
SIGNED_IN = re.compile(rf"^Signed in: {NAME}, object id [0-9a-f-]{{36}}, of tenant [0-9a-f-]{{36}}\. All apps .*\n$")


@pytest.fixture
def emulation() -> Iterator[Emulation]:
    with gateway_emulate() as emulation:
        yield emulation


def settings_of(emulation: Emulation, store_url: str, **changes: str) -> Mapping[str, str]:
    apps = ",".join(emulation.app_id(f"Gateway.{each}") for each in ("Read", "Write"))
    own = {
        "GATEWAY_AUTH_MODE": "service-account",
        "GATEWAY_ALLOWED_CLIENT_APPS": apps,
        "GATEWAY_SECRET_KEYS": gateway("key").stdout.strip(),
        "GATEWAY_STORE_URL": store_url,
        "GATEWAY_ENTRA_CLIENT_SECRET": "",
    }
    return {**emulation.settings, **own, **changes}


def code(served: Gateway, document: str, token: str) -> str:
    answer: dict[str, Any] = served.post(document, token=token).json()
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "OK"


def until_code(served: Gateway, token: str, expected: str) -> None:
    """The gateway notices within seconds."""
    until(lambda: True if code(served, READ, token) == expected else None)


def test_two_replicas_act_as_whoever_signs_in(emulation: Emulation) -> None:
    """They start with nobody, notice the sign-in, a revocation and the next sign-in; which app wrote is in the log."""
    reader, writer = emulation.app_token("Gateway.Read"), emulation.app_token("Gateway.Write")
    with redis_server() as redis:
        settings = settings_of(emulation, redis.url)
        with gateway_serve(settings) as one, gateway_serve(settings) as two:
            for served in (one, two):
                assert served.program.wait_for(
                    '"warning","message":"(Nobody is signed in for this gateway to act as.)"'
                )
                assert code(served, READ, reader) == "SIGN_IN_REQUIRED"
            by_device_code(emulation, settings)
            for served in (one, two):
                until_code(served, reader, "OK")
                assert code(served, CREATE, reader) == "FORBIDDEN"
                assert code(served, CREATE, writer) == "OK"
                [line] = served.program.log_lines("audit")
                app = emulation.app_id("Gateway.Write")
                assert (line["appid"], line["operation"], line["entity_set"], line["code"]) == (
                    app,
                    "New",
                    "tenantTags",
                    "OK",
                )
            assert gateway("sign-in", "--remove", settings=settings).stdout == "Nobody is signed in any more.\n"
            assert gateway("sign-in", "--remove", settings=settings).stdout == "Nobody was signed in.\n"
            for served in (one, two):
                until_code(served, reader, "SIGN_IN_REQUIRED")


def by_device_code(emulation: Emulation, settings: Mapping[str, str]) -> None:
    with program("sign-in", "--device-code", settings=settings) as running:
        page = running.wait_for(r"open (https://\S+) in a browser")
        assert httpx.get(page, verify=emulation.trust).status_code == 200
        assert running.process.wait(timeout=20) == 0
        assert SIGNED_IN.match(running.output), running.output


def test_a_sign_in_by_browser_lasts_over_a_restart(emulation: Emulation, tmp_path: Path) -> None:
    """It is in the store, sealed. `gateway check` finds that it was revoked, and callers are told; another mends it."""
    path = tmp_path / "store.db"
    settings = settings_of(emulation, f"sqlite:///{path}", BROWSER=browser(emulation))
    done = gateway("sign-in", settings=settings)
    assert (done.returncode, SIGNED_IN.match(done.stdout) is not None) == (0, True), (done.stdout, done.stderr)
    token = emulation.app_token("Gateway.Read")
    for _ in range(2):
        with gateway_serve(settings) as served:
            assert code(served, READ, token) == "OK"
    with closing(sqlite3.connect(path)) as store:
        [(name, content)] = store.execute("SELECT name, content FROM entries").fetchall()
    assert name.startswith("account:")
    assert not re.search(rb"refresh|token|robin|1\.[A-Za-z0-9_-]{60}", content)
    checked = gateway("check", "--token-file", "-", settings=settings, text=token)
    assert (checked.returncode, "FAILED" in checked.stdout) == (0, False), checked.stdout
    emulation.revoke()
    checked = gateway("check", settings=settings)
    assert checked.returncode == 1
    assert "FAILED     renewal: Microsoft Entra does not let this gateway act as its account any more" in checked.stdout
    with gateway_serve(settings) as served:
        assert code(served, READ, token) == "SIGN_IN_REQUIRED"
        [line] = [line for line in served.program.log_lines(LOST) if line["level"] == "error"]
        assert line["hint"] == "The gateway's operator must run `gateway sign-in`."
        assert gateway("sign-in", settings=settings).returncode == 0
        until_code(served, token, "OK")


def test_what_stands_in_the_way_of_a_sign_in_is_one_line(emulation: Emulation, tmp_path: Path) -> None:
    """Another mode, an Entra that is not trusted, a store that is not there, a token for people, a trial."""
    settings = settings_of(emulation, f"sqlite:///{tmp_path}/store.db")
    for arguments, changes, said in (
        (("sign-in",), {"GATEWAY_AUTH_MODE": "forward"}, "with GATEWAY_AUTH_MODE=service-account only."),
        (("sign-in", "--device-code"), {"GATEWAY_CA_FILE": ""}, "its certificate is not trusted"),
        (("sign-in", "--remove"), {"GATEWAY_STORE_URL": "redis://127.0.0.1:1/0"}, "The store of GATEWAY_STORE_URL"),
        (("token",), {}, "by client credentials"),
    ):
        done = gateway(*arguments, settings={**settings, **changes})
        assert (done.returncode, done.stdout) == (1, "")
        [line] = done.stderr.splitlines()
        assert said in line
    done = gateway("run", "--port", "0", settings=settings)
    assert (done.returncode, "gateway emulate" in done.stderr) == (2, True)
