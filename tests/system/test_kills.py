"""A create with a key, killed (SIGKILL) at each point of its way, and sent again to the next process."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cryptography.fernet import Fernet

from tests.system.process import Emulation, Gateway, gateway_emulate, gateway_serve
from tests.system.redis import redis_server

CREATE: Final = """
mutation { createTenantTag(input: { displayName: "Kept" }, idempotencyKey: "k") { id displayName } }
"""
HELD: Final = 60
"""Seconds for which Graph holds something back: longer than any process of these tests lives."""


@dataclass
class Scene:
    """A gateway before an emulator of its own, with a store that the test can hold up."""

    gateway: Gateway
    emulation: Emulation
    hold_store: Callable[[], None]

    def posts(self) -> int:
        return sum(each["method"] == "POST" for each in self.emulation.journal())

    def tags(self) -> list[str]:
        """The ids of what was made."""
        headers = {"authorization": f"Bearer {self.emulation.graph_token}"}
        path = "tenantRelationships/managedTenants/tenantTags?$filter=displayName eq 'Kept'"
        answer = httpx.get(f"{self.emulation.graph_url}/v1.0/{path}", headers=headers).json()
        return [each["id"] for each in answer["value"]]


Killing = Callable[[Scene], None]
"""Sets the stage for a create; returns when the process is to be killed, the create being under way."""


def while_looking(scene: Scene) -> None:
    """Nothing is noted yet."""
    scene.emulation.wait_for_calls(1)


def while_graph_has_it(scene: Scene) -> None:
    """It is noted, and sent."""
    scene.emulation.wait_for_calls(2)


def while_noting(scene: Scene) -> None:
    """Graph has answered, and the store does not take it."""
    scene.emulation.wait_for_calls(2)
    scene.hold_store()
    time.sleep(1)  # until the answer, which Graph holds back so long, is there, and the store is asked


LOOKING = {"method": "GET", "fault": {"kind": "Delay", "seconds": HELD}}
NEVER_DONE = {"method": "POST", "fault": [{"kind": "Delay", "seconds": HELD}, {"kind": "DropBefore"}]}
DONE = {"method": "POST", "fault": {"kind": "Delay", "seconds": HELD, "after_work": True}}
DONE_SOON = {"method": "POST", "fault": {"kind": "Delay", "seconds": 2}}
ANSWERED = {"method": "POST", "fault": {"kind": "Delay", "seconds": 0.5, "after_work": True}}

POINTS: Final[Mapping[str, tuple[Any, Killing, str]]] = {
    "before it is noted": (LOOKING, while_looking, "made"),
    "noted, and never arrived": (NEVER_DONE, while_graph_has_it, "unknown"),
    "done, and not answered": (DONE, while_graph_has_it, "found"),
    "arrived, and done after the end of the process": (DONE_SOON, while_graph_has_it, "found"),
    "answered, and the answer not noted": (ANSWERED, while_noting, "found"),
}
"""Point of the way → the fault by which Graph holds the create there, when to kill, and what a second try comes to."""


@contextmanager
def sqlite_store(folder: Path) -> Iterator[tuple[dict[str, str], Callable[[], None], Callable[[], None]]]:
    """Settings, and how to hold it up and let it go on."""
    path = folder / "store.db"
    with ExitStack() as held:

        def hold() -> None:
            other = held.enter_context(closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)))
            other.execute("BEGIN IMMEDIATE")

        yield {"GATEWAY_STORE_URL": f"sqlite:///{path}"}, hold, held.close


@contextmanager
def redis_store(_: Path) -> Iterator[tuple[dict[str, str], Callable[[], None], Callable[[], None]]]:
    with redis_server() as server:
        settings = {"GATEWAY_STORE_URL": server.url, "GATEWAY_SECRET_KEYS": Fernet.generate_key().decode()}
        yield settings, server.pause, server.go_on


def play(point: str, open_store: Any, folder: Path) -> tuple[str, int, int]:
    """What the second try comes to, and how many requests and objects there are in the end."""
    fault, wait, _ = POINTS[point]
    folder.mkdir()
    with gateway_emulate() as emulation, open_store(folder) as (store, hold, let_go):
        settings = {**emulation.settings, **store, "GATEWAY_DEADLINE_SECONDS": "5"}
        with ThreadPoolExecutor(1) as caller, gateway_serve(settings) as gateway:
            scene = Scene(gateway, emulation, hold)
            httpx.post(f"{emulation.graph_url}/_emulator/faults", json=fault)
            first = caller.submit(post, gateway, emulation.graph_token)
            wait(scene)
            gateway.program.process.kill()
            gateway.program.process.wait()
            with suppress(httpx.TransportError):
                pytest.fail(f"it was answered: {first.result()}")
        let_go()
        httpx.delete(f"{emulation.graph_url}/_emulator/faults")
        with gateway_serve(settings | {"GATEWAY_DEADLINE_SECONDS": "30"}) as gateway:
            scene = Scene(gateway, emulation, hold)
            answer = post(gateway, emulation.graph_token)
            return told(answer, scene.tags()), scene.posts(), len(scene.tags())


def post(gateway: Gateway, token: str) -> Any:
    return gateway.post(CREATE, token=token).json()


def told(answer: Any, tags: list[str]) -> str:
    if "errors" in answer:
        code = answer["errors"][0]["extensions"]["code"]
        return "unknown" if code == "OUTCOME_UNKNOWN" else str(code)
    assert tags == [answer["data"]["createTenantTag"]["id"]]
    return "found" if answer.get("extensions") == {"replayed": ["createTenantTag"]} else "made"


@pytest.mark.parametrize("open_store", [sqlite_store, redis_store], ids=["SQLite", "Redis"])
def test_a_kill_at_any_point_doubles_nothing_and_loses_nothing(open_store: Any, tmp_path: Path) -> None:
    """The next process makes what was not begun, finds what was made, and says so of what it cannot tell."""
    with ThreadPoolExecutor(len(POINTS)) as pool:
        outcomes = dict(
            zip(POINTS, pool.map(lambda point: play(point, open_store, tmp_path / point), POINTS), strict=True)
        )
    assert outcomes == {
        point: (expected, 1, 0 if expected == "unknown" else 1) for point, (_, _, expected) in POINTS.items()
    }
