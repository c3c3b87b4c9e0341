"""What the topics of the sample share: chance that is always the same, the tenants, and where rows are put."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, Final, TypeVar

from gateway.emulator.links import Links
from gateway.emulator.messages import Json

Place = tuple[str, str]
"""Entity set, and the key of the entity that it is within: empty for a set of the namespace."""

T = TypeVar("T")

NOW: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)
"""When the sample was taken: nothing in it is later, but for what is planned."""

STAFF: Final = (
    "0aa7c9b3-a887-44ea-9f74-caf53cf25f82",
    "7aede2e6-60c9-4d4b-9732-04e717f33569",
    "676ba16a-ad14-4b41-97a3-d6016ea82aab",
)
"""Entra ids of the provider's people."""

PEOPLE: Final = ("Ada Lindqvist", "Jon Okafor", "Mira Castellanos", "Tomasz Nowak", "Yuki Tanabe", "Élodie Marchand")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer. `label` is the first part of its domains."""

    id: str
    name: str
    label: str

    @property
    def named(self) -> dict[str, Json]:
        """The two members by which most entities name their tenant."""
        return {"tenantId": self.id, "tenantDisplayName": self.name}


@dataclass(frozen=True, slots=True)
class Device:
    """A managed device, by what several sets tell of it."""

    tenant: Tenant
    id: str
    name: str
    kind: str
    maker: str
    model: str
    os: str
    os_version: str

    @property
    def is_windows(self) -> bool:
        return self.os == "Windows"

    @property
    def named(self) -> dict[str, Json]:
        return {**self.tenant.named, "managedDeviceId": self.id, "managedDeviceName": self.name}


class Draft:
    """The sample while it is made. The rows that stand in `given.json` come first and as they are."""

    def __init__(self) -> None:
        self.chance = random.Random(20261121)  # noqa: S311 - it must be the same every time
        self.sets: dict[Place, dict[str, Mapping[str, Json]]] = {}
        self.links = Links({})
        self.devices: list[Device] = []
        given = json.loads(files("gateway.emulator.sample").joinpath("given.json").read_text(encoding="utf-8"))
        for entity_set, rows in given.items():
            for row in rows:
                self.add(entity_set, **row)
        names = {row["tenantId"]: row["tenantDisplayName"] for row in given["cloudPcConnections"]}
        self.tenants = [Tenant(key, name, _label(name)) for key, name in names.items()]

    def add(self, entity_set: str, *, key: str = "id", within: str = "", **members: Json) -> str:
        """Adds a row with a key of its own unless it has one; returns the key."""
        row = {key: members.get(key) or self.guid(), **members}
        self.sets.setdefault((entity_set, within), {})[row[key]] = row
        return str(row[key])

    def rows(self, entity_set: str) -> list[Mapping[str, Any]]:
        return list(self.sets[entity_set, ""].values())

    def guid(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def number(self, least: int, most: int) -> int:
        """Small ones are likelier."""
        return least + int((most - least + 1) * self.chance.random() ** 2)

    def one_of(self, values: Sequence[T]) -> T:
        return values[int(len(values) * self.chance.random())]

    def drifting(self, value: str) -> str:
        """The value, now and then in another case: what is no enum is not always written alike."""
        return value[0].swapcase() + value[1:] if self.chance.random() < 0.08 else value

    def moment(self, days: float, *, least: float = 0) -> str:
        """Some moment between so many days before the sample was taken, with all seven digits that Graph writes."""
        seconds = 86400 * (least + (days - least) * self.chance.random())
        then = NOW - timedelta(seconds=int(seconds))
        return f"{then.isoformat()[:19]}.{int(seconds % 1 * 10**7):07}Z"

    def stamps(self, days: float = 400) -> dict[str, Json]:
        """Who made something and who last changed it, and when."""
        return {
            "createdByUserId": self.one_of(STAFF),
            "createdDateTime": self.moment(days, least=days / 4),
            "lastActionByUserId": self.one_of(STAFF),
            "lastActionDateTime": self.moment(days / 4),
        }


def _label(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
