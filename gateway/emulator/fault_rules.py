"""The fault rules in force: which fault, if any, the next call meets."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import count

from gateway.emulator.clock import Clock
from gateway.emulator.faults import Attempt, FaultRule
from gateway.emulator.messages import Call, Reply


class FaultRules:
    """Rules in the order of their arrival; of those that apply to a call, the first decides.

    Every rule that the choice comes to counts the call, so rules of `times=1` follow each other.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rules: list[tuple[FaultRule, Iterator[int]]] = []

    def add(self, *rules: FaultRule) -> None:
        self._rules += [(rule, count()) for rule in rules]

    def clear(self) -> None:
        self._rules.clear()

    async def answer(self, call: Call, work: Callable[[Call], Awaitable[Reply]]) -> Reply:
        """What the work answers, or the fault in its place."""
        rule = self._choose(call)
        return await (work(call) if rule is None else rule.fault(Attempt(call, work, self._clock)))

    def _choose(self, call: Call) -> FaultRule | None:
        for rule, numbers in self._rules:
            if rule.is_about(call) and rule.decides(next(numbers)):
                return rule
        return None
