"""The manifests in `deploy/kubernetes/`: Kubernetes would take them, and a gateway would start with what they set.

Kustomize is in no package registry, so the overlays are built here: `resources`, and `patches` as strategic merges, are
all that they use. Where `kubectl` is there, it must build the same.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from prometheus_client import CollectorRegistry, generate_latest

import gateway
from gateway.clock import SystemClock
from gateway.server import LAST_SECONDS, SPARE_SECONDS
from gateway.settings import Settings, SettingsError
from gateway.telemetry import Telemetry
from tests.certificates import certificate_pem, private_key_pem

FOLDER = Path(__file__).parents[1] / "deploy/kubernetes"
SECRETS = {"secret-keys": Fernet.generate_key().decode(), "store-url": "rediss://redis.example.com:6380/0"}

Manifest = dict[str, Any]


def read(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def merged(base: Any, patch: Any) -> Any:
    """A strategic merge: objects by member, lists of named objects by name, all else is replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return base | {name: merged(base.get(name), value) for name, value in patch.items()}
    if isinstance(base, list) and all("name" in each for each in [*base, *patch]):
        return list(merged({each["name"]: each for each in base}, {each["name"]: each for each in patch}).values())
    return patch


def build(folder: Path) -> dict[str, Manifest]:
    """What `kubectl apply -k` would send, by kind."""
    [kustomization] = read(folder / "kustomization.yaml")
    assert kustomization.keys() <= {"apiVersion", "kind", "resources", "patches"}
    built: dict[str, Manifest] = {}
    for name in kustomization["resources"]:
        path = folder / name
        built |= build(path) if path.is_dir() else {each["kind"]: each for each in read(path)}
    for each in kustomization.get("patches", []):
        [patch] = read(folder / each["path"])
        assert patch["metadata"]["name"] == built[patch["kind"]]["metadata"]["name"]
        built[patch["kind"]] = merged(built[patch["kind"]], patch)
    return built


@pytest.fixture(params=["forward", "on-behalf-of"])
def overlay(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def built(overlay: str) -> dict[str, Manifest]:
    return build(FOLDER / overlay)


@pytest.fixture
def pod(built: dict[str, Manifest]) -> Manifest:
    template: Manifest = built["Deployment"]["spec"]["template"]
    return template


@pytest.fixture
def container(pod: Manifest) -> Manifest:
    [only] = pod["spec"]["containers"]
    assert isinstance(only, dict)
    return only


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is mounted."""
    folder = tmp_path_factory.mktemp("secrets")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "gateway.pem").write_text(private_key_pem(key) + certificate_pem(key), encoding="utf-8")
    return folder


@pytest.fixture
def settings(container: Manifest, secrets: Path) -> Settings:
    """What the container's environment makes, with a secret and a certificate in the places that it names."""
    mounts = [each["mountPath"] for each in container.get("volumeMounts", [])]
    environ = {}
    for each in container["env"]:
        text = each["value"] if "value" in each else SECRETS[each["valueFrom"]["secretKeyRef"]["key"]]
        path = Path(text)
        environ[each["name"]] = str(secrets / path.name) if str(path.parent) in mounts else text
    return Settings.from_environ(environ)


def test_kubernetes_would_take_each_manifest(built: dict[str, Manifest]) -> None:
    """By its own schemas, strictly: a misspelt member is refused."""
    version = kubernetes_validate.latest_version()
    for manifest in built.values():
        kubernetes_validate.validate(manifest, version, strict=True)
    built["Deployment"]["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(built["Deployment"], version, strict=True)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not there")
def test_kubectl_builds_the_same(overlay: str, built: dict[str, Manifest]) -> None:
    """So what the other tests look at is what is applied."""
    text = subprocess.run(["kubectl", "kustomize", FOLDER / overlay], capture_output=True, check=True).stdout
    by_kind = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert _sorted(by_kind) == _sorted(built)


def _sorted(value: Any) -> Any:
    """Lists of named objects have no order that matters."""
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value):
        return sorted(map(_sorted, value), key=lambda each: str(each["name"]))
    return value


def test_a_gateway_starts_with_what_is_set(overlay: str, settings: Settings) -> None:
    """Each variable is a setting and has a value that it may have."""
    assert (settings.auth_mode, settings.graph_version, settings.log_format) == (overlay, "beta", "json")
    assert settings.secret_keys
    assert settings.store_url


def test_secrets_are_named_and_not_told(container: Manifest) -> None:
    """The manifests can be in a repository. Redis is for those who want it, where tokens are forwarded."""
    by_name = {each["name"]: each for each in container["env"]}
    assert "value" not in by_name["GATEWAY_SECRET_KEYS"]
    optional = by_name["GATEWAY_STORE_URL"]["valueFrom"]["secretKeyRef"].get("optional", False)
    assert optional == (by_name["GATEWAY_AUTH_MODE"]["value"] == "forward")


def test_links_of_services_would_stop_a_gateway(pod: Manifest) -> None:
    """A service named gateway would have them."""
    assert pod["spec"]["enableServiceLinks"] is False
    with pytest.raises(SettingsError, match="GATEWAY_SERVICE_HOST: no such setting"):
        Settings.from_environ({"GATEWAY_SERVICE_HOST": "10.0.0.1"})


def test_a_pod_has_the_time_that_it_needs_to_go(pod: Manifest, settings: Settings) -> None:
    """The gateway ends by itself: it is not killed with a write in flight."""
    needs = settings.drain_seconds + LAST_SECONDS + settings.deadline_seconds + 2 * SPARE_SECONDS
    assert needs < pod["spec"]["terminationGracePeriodSeconds"] <= needs + 15


def test_a_pod_can_do_no_more_than_it_must(pod: Manifest, container: Manifest) -> None:
    """As the restricted pod security standard asks, and on a read-only file system without a token for Kubernetes."""
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"].endswith(f":{gateway.__version__}")


def test_selectors_select_the_pods(built: dict[str, Manifest], pod: Manifest) -> None:
    """All that speak of pods mean these, and the autoscaler their deployment."""
    labels = pod["metadata"]["labels"]
    specs = {kind: manifest["spec"] for kind, manifest in built.items()}
    selectors = [
        specs["Deployment"]["selector"]["matchLabels"],
        specs["Service"]["selector"],
        specs["PodDisruptionBudget"]["selector"]["matchLabels"],
        specs["NetworkPolicy"]["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in pod["spec"]["topologySpreadConstraints"]),
    ]
    assert [selector.items() <= labels.items() for selector in selectors] == [True] * 6
    deployment = built["Deployment"]
    assert specs["HorizontalPodAutoscaler"]["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "name": deployment["metadata"]["name"],
    }


def test_ports_are_the_containers(
    built: dict[str, Manifest], pod: Manifest, container: Manifest, settings: Settings
) -> None:
    """By name wherever a name can stand; metrics are where Prometheus is led to."""
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    probes = [container[f"{name}Probe"]["httpGet"]["port"] for name in ("startup", "liveness", "readiness")]
    services = [each["targetPort"] for each in built["Service"]["spec"]["ports"]]
    allowed = [port["port"] for each in built["NetworkPolicy"]["spec"]["ingress"] for port in each["ports"]]
    assert {*probes, *services, *allowed} == ports.keys()
    annotated = int(pod["metadata"]["annotations"]["prometheus.io/port"])
    assert annotated == ports["metrics"] == settings.admin_port


def exposed() -> str:
    """What Prometheus would find in a gateway that has just started."""
    registry = CollectorRegistry()
    Telemetry(SystemClock(), registry)
    return generate_latest(registry).decode()


def test_the_metrics_to_watch_are_there() -> None:
    """Those that `docs/scale.md` names."""
    named = set(re.findall(r"gateway_\w+", (FOLDER.parents[1] / "docs/scale.md").read_text(encoding="utf-8")))
    assert named
    assert named <= set(re.findall(r"^# TYPE (\w+)", exposed(), re.MULTILINE))


def test_the_autoscaler_asks_for_a_metric_that_there_is(built: dict[str, Manifest], settings: Settings) -> None:
    """The gateway has it, and the adapter's rule finds it. Half of the connections to Graph are in use on the mean."""
    [metric] = built["HorizontalPodAutoscaler"]["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    assert f"# TYPE {name} gauge" in exposed()
    [adapter] = read(FOLDER / "prometheus-adapter.yaml")
    [rule] = adapter["rules"]["custom"]
    assert rule["seriesQuery"].startswith(f"{name}{{")
    assert int(metric["pods"]["target"]["averageValue"]) == settings.graph_connections / 2
