"""What README.md tells people to type does what it says there."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.certificates import certificate_pem, private_key_pem
from tests.system.process import (
    PUBLIC_APP,
    Running,
    browser,
    environment,
    gateway,
    gateway_emulate,
    gateway_run,
    gateway_serve,
)

ROOT: Final = Path(__file__).parents[2]
BLOCKS: Final = re.findall(
    r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
URL: Final = "http://127.0.0.1:8000/graphql"
NODE_START: Final = "const accessToken = process.env.ACCESS_TOKEN;\n"
NODE_END: Final = "console.log(JSON.stringify({ data, errors }));\n"

RUN_BY: Final = {
    "make run": ("tests/system/process.py", '"run", "--port", "0"'),
    "make test": (".ci/run", "step make test\n"),
    "gateway check": ("tests/system/test_check_and_token.py", 'gateway("check"'),
    "gateway check --sign-in": ("tests/system/test_check_and_token.py", 'gateway("check", "--sign-in"'),
    "gateway serve": ("tests/system/process.py", '"serve", "--port", "0"'),
    "gateway permissions": ("tests/tools/test_permissions.py", '"permissions"'),
    "gateway permissions overview.graphql": ("tests/system/test_readme.py", '"permissions", str(file)'),
    "gateway drift": ("tests/system/test_drift.py", '"drift"'),
    "gateway key > gateway.key": ("tests/system/test_service_account.py", 'gateway("key"'),
    "gateway sign-in": ("tests/system/test_service_account.py", 'gateway("sign-in"'),
    "gateway sign-in --device-code": ("tests/system/test_service_account.py", '"sign-in", "--device-code"'),
    "gateway token": ("tests/system/test_check_and_token.py", 'gateway("token"'),
    "docker build -t managed-tenants-gateway .": (".ci/run", "docker build "),
    "docker run --read-only -p 8000:8000 -e GATEWAY_GRAPH_VERSION=beta managed-tenants-gateway": (
        ".ci/run",
        "docker run --detach --name gateway-ci --read-only ",
    ),
}
"""Each command → the file that runs it, and how it stands there."""


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def exports(block: str, placeholders: Mapping[str, str]) -> dict[str, str]:
    """The variables that a shell has after the block."""
    for name, value in placeholders.items():
        block = block.replace(name, value)
    done = subprocess.run(["bash", "-ec", f"{block}\nenv -0"], env=environment(), check=True, capture_output=True)
    pairs = [each.split("=", 1) for each in done.stdout.decode().split("\0") if each]
    return {name: value for name, value in pairs if name.startswith("GATEWAY_")}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with gateway_run() as running:
        yield running


def run_example(running: Running, command: list[str], text: str) -> str:
    """What the program prints; only its port is another than the README's, and the token is in the environment."""
    assert URL in text
    done = subprocess.run(
        command,
        env={**os.environ, "ACCESS_TOKEN": running.token},
        input=text.replace(URL, running.url),
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_command_is_run_by_somebody() -> None:
    """By a system test, or by what CI runs."""
    lines = [line.partition(" #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    assert {line for line in lines if not line.startswith("export ")} == set(RUN_BY)
    for path, text in RUN_BY.values():
        assert text in (ROOT / path).read_text(encoding="utf-8"), (path, text)


def test_the_first_mutation(running: Running) -> None:
    """The document and its variables bring the answer shown, but for the id."""
    document = blocks("graphql")[0]
    variables, shown = (json.loads(each) for each in blocks("json")[:2])
    headers = {"authorization": f"Bearer {running.token}"}
    answer: Any = httpx.post(running.url, json={"query": document, "variables": variables}, headers=headers).json()
    for each in (answer, shown):
        assert each["data"]["createCloudPcConnection"].pop("id")
    assert answer == shown


def test_a_create_that_is_sent_again(running: Running) -> None:
    """The same object, by argument and by header."""
    document = blocks("graphql")[1]
    variables = json.loads(blocks("json")[0])
    headers = {"authorization": f"Bearer {running.token}"}
    key = re.search('idempotencyKey: "([^"]+)"', document)
    assert key
    bare = document.replace(f", {key[0]}", "")
    answers = [
        httpx.post(running.url, json={"query": query, "variables": variables}, headers=headers | more).json()
        for query, more in ((document, {}), (document, {}), (bare, {"idempotency-key": key[1]}))
    ]
    assert [each.get("extensions") for each in answers] == [None, *[{"replayed": ["createCloudPcConnection"]}] * 2]
    assert len({each["data"]["createCloudPcConnection"]["id"] for each in answers}) == 1


@pytest.mark.parametrize(
    ("number", "calls"),
    [pytest.param(2, 2, id="a join"), pytest.param(3, 3, id="a batch"), pytest.param(4, 1, id="bulk")],
)
def test_the_whole_graph(running: Running, number: int, calls: int) -> None:
    """Each document works as it stands, and costs no more calls than it says."""
    request_id = f"whole-graph-{number}"
    variables = {"inputs": [json.loads(blocks("json")[0])["input"]] * 3}
    headers = {"authorization": f"Bearer {running.token}", "x-request-id": request_id}
    body = {"query": blocks("graphql")[number], "variables": variables}
    answer: Any = httpx.post(running.url, json=body, headers=headers).json()
    assert "errors" not in answer
    assert "ItemError" not in json.dumps(answer)
    running.program.wait_for(rf'"request_id":"({request_id})"')
    [line] = [each for each in running.program.log_lines("operation") if each["request_id"] == request_id]
    assert line["graph_calls"] == calls


def test_the_permissions_of_a_document(tmp_path: Path) -> None:
    """Field by field, and together."""
    file = tmp_path / "overview.graphql"
    file.write_text(blocks("graphql")[3], encoding="utf-8")
    done = gateway("permissions", str(file))
    assert done.stdout.splitlines()[-1].startswith("Delegated permissions: CloudPC.Read.All ")


def test_the_log_line(running: Running) -> None:
    """A real one has the names that are shown."""
    shown = json.loads(next(each for each in blocks("json") if '"message":"operation"' in each))
    headers = {"authorization": f"Bearer {running.token}", "x-request-id": "for-the-log"}
    document = blocks("graphql")[0]
    variables = json.loads(blocks("json")[0])
    httpx.post(running.url, json={"query": document, "variables": variables}, headers=headers)
    running.program.wait_for(r'"request_id":"(for-the-log)"')
    [line] = [each for each in running.program.log_lines("operation") if each["request_id"] == "for-the-log"]
    assert list(line) == list(shown)
    same = ("level", "message", "operation", "kind", "code", "graph_calls", "verified")
    assert {name: line[name] for name in same} == {name: shown[name] for name in same}


def test_a_frontend(running: Running) -> None:
    """The JavaScript example, as Node.js runs it."""
    [text] = blocks("js")
    said = run_example(running, ["node", "--input-type=module"], NODE_START + text + NODE_END)
    answer = json.loads(said)
    assert "errors" not in answer
    nodes = answer["data"]["cloudPcConnections"]["nodes"]
    assert [set(each) for each in nodes] == [{"id", "displayName"}] * len(nodes)
    assert nodes


def test_a_server(running: Running) -> None:
    """The Python example."""
    [text] = blocks("python")
    assert "'cloudPcConnections': {'nodes': [" in run_example(running, [sys.executable, "-"], text)


def test_trusted_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client names one by its id, and a manifest that comes later is read without a restart."""
    sent = json.loads(next(each for each in blocks("json") if "documentId" in each))
    block = next(each for each in blocks("sh") if "GATEWAY_TRUSTED_DOCUMENTS" in each)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "web.json").write_text(json.dumps({"other": "{ __typename }"}))
    document = "query ($id: ID!) { tenantTag(id: $id) { id } }"
    with gateway_run(exports(block, {})) as running:
        headers = {"authorization": f"Bearer {running.token}"}

        def code() -> Any:
            answer = httpx.post(running.url, json=sent, headers=headers).json()
            return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]

        assert code() == "PERSISTED_QUERY_NOT_FOUND"
        (folder / "mobile.json").write_text(json.dumps({sent["documentId"]: document}))
        running.program.wait_for('"message":"(trusted documents were read again)"')
        assert code() == {"tenantTag": None}


def test_forward_before_the_real_graph() -> None:
    """The variables, then each command below them; here the emulator stands for Graph and Entra."""
    block = next(each for each in blocks("sh") if "export" in each and "on-behalf-of" not in each)
    with gateway_emulate("--beta-only") as emulation:
        tenant = emulation.settings["GATEWAY_ENTRA_TENANT_ID"]
        ours = ("GATEWAY_GRAPH_URL", "GATEWAY_ENTRA_URL", "GATEWAY_CA_FILE")
        settings = {
            **exports(block, {"<tenant id>": tenant, "<client id>": PUBLIC_APP}),
            **{name: emulation.settings[name] for name in ours},
            "BROWSER": browser(emulation),
        }
        assert gateway("check", settings=settings).returncode == 0
        assert gateway("check", "--sign-in", settings=settings).returncode == 0
        token = gateway("token", settings=settings).stdout.strip()
        with gateway_serve(settings) as served:
            answer = served.post("{ cloudPcConnections(first: 1) { nodes { id } } }", token=token).json()
            assert len(answer["data"]["cloudPcConnections"]["nodes"]) == 1


def test_service_account_before_the_real_graph(tmp_path: Path) -> None:
    """The variables, the key and the sign-in; then an app calls. Here the emulator stands for Graph and Entra."""
    block = next(each for each in blocks("sh") if "export" in each and "service-account" in each)
    key = tmp_path / "gateway.key"
    key.write_text(gateway("key").stdout)
    with gateway_emulate("--beta-only") as emulation:
        values = {
            "<tenant id>": emulation.settings["GATEWAY_ENTRA_TENANT_ID"],
            "<client id>": emulation.settings["GATEWAY_ENTRA_CLIENT_ID"],
            "<client ids of the apps>": emulation.app_id("Gateway.Read"),
            "gateway.key": shlex.quote(str(key)),
            "sqlite:///": f"sqlite:///{tmp_path}/",
        }
        ours = ("GATEWAY_GRAPH_URL", "GATEWAY_ENTRA_URL", "GATEWAY_CA_FILE")
        settings = {
            **exports(block, values),
            **{name: emulation.settings[name] for name in ours},
            "BROWSER": browser(emulation),
        }
        assert gateway("sign-in", settings=settings).returncode == 0
        assert gateway("check", settings=settings).returncode == 0
        with gateway_serve(settings) as served:
            token = emulation.app_token("Gateway.Read")
            answer = served.post("{ cloudPcConnections(first: 1) { nodes { id } } }", token=token).json()
            assert len(answer["data"]["cloudPcConnections"]["nodes"]) == 1


def test_on_behalf_of_before_the_real_graph(tmp_path: Path) -> None:
    """The variables are all that it takes to start."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = tmp_path / "gateway.pem"
    certificate.write_text(private_key_pem(key) + certificate_pem(key))
    block = next(each for each in blocks("sh") if "on-behalf-of" in each)
    values = {
        "<tenant id>": "0c9e2b5a-1f0e-4b7e-9f55-3f4f7a1d2b11",
        "<client id>": "4f0a7c52-6f1d-4b8e-9c57-0d2a8b1e6c33",
        "gateway.pem": shlex.quote(str(certificate)),
    }
    with gateway_serve(exports(block, values)) as served:
        assert httpx.get(served.url.replace("/graphql", "/health/ready")).json() == {"status": "ready"}
