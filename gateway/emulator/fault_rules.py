"""The fault rules in force: which fault, if any, the next call meets."""

from collections.abc import Awaitable, Callable

from gateway.emulator.clock import Clock
from gateway.emulator.faults import Attempt, FaultRule
from gateway.emulator.messages import Call, Reply


class FaultRules:
    """Rules in the order of their arrival; of those that apply to a call, the first decides.

    Every rule that the choice comes to counts the call, so rules of `times=1` follow each other.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rules: list[FaultRule] = []
        self._seen: list[int] = []

    def add(self, *rules: FaultRule) -> None:
        self._rules += rules
        self._seen += [0] * len(rules)

    def clear(self) -> None:
        self._rules.clear()
        self._seen.clear()

    async def answer(self, call: Call, work: Callable[[Call], Awaitable[Reply]]) -> Reply:
        """What the work answers, or the fault in its place."""
        rule = self._choose(call)
        return await (work(call) if rule is None else rule.fault(Attempt(call, work, self._clock)))

    def _choose(self, call: Call) -> FaultRule | None:
        for index, rule in enumerate(self._rules):
            if not rule.is_about(call):
                continue
            seen = self._seen[index]
            self._seen[index] = seen + 1
            if seen >= rule.skip and (rule.times is None or seen < rule.skip + rule.times):
                return rule
        return None
