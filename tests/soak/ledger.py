"""What callers were told about each object that they created, and what the emulator has: the two must agree."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any


class Fate(Enum):
    CREATED = "acknowledged"
    UNKNOWN = "unknown"
    """The outcome is: so the caller was told, or the caller hung up."""

    REFUSED = "refused"
    """Surely not done."""


@dataclass
class Ledger:
    """By the display names of the objects, of which each is used for one create."""

    fates: dict[str, Fate] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Of objects that are there."""

    numbers: Iterator[int] = field(default_factory=count)

    def name(self) -> str:
        """A new one, whose fate is unknown until it is told."""
        name = f"soak-{next(self.numbers)}"
        self.fates[name] = Fate.UNKNOWN
        return name

    def tell(self, name: str, created: Any, code: str | None) -> None:
        """What came back: the object, or a code."""
        if created:
            self.fates[name] = Fate.CREATED
            self.keys.append(created["id"])
        elif code != "OUTCOME_UNKNOWN":
            self.fates[name] = Fate.REFUSED

    @property
    def totals(self) -> dict[str, int]:
        counted = Counter(self.fates.values())
        return {each.value: counted[each] for each in Fate}

    def differences(self, found: Iterable[str]) -> list[str]:
        """Where the emulator's objects and the ledger disagree."""
        have = Counter(name for name in found if name.startswith("soak-"))
        wrong = [f"{name} is there {times} times" for name, times in have.items() if times > 1]
        wrong += [f"{name} was never asked for" for name in have if name not in self.fates]
        for name, fate in self.fates.items():
            if fate is Fate.CREATED and name not in have:
                wrong.append(f"{name} was acknowledged and is not there")
            if fate is Fate.REFUSED and name in have:
                wrong.append(f"{name} was refused and is there")
        return wrong
