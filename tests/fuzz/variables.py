"""Values of variables that fit nothing, as JSON text: too deep, too large, of another type, or not even JSON."""

import json
from collections.abc import Iterable
from random import Random
from typing import Any, Final

VALUES: Final = (
    *("null", "true", "false", "0", "-0", "-0.0", "1", "2.5", "1E5", "9007199254740993"),
    *("18446744073709551616", "-9223372036854775809", "1" + "0" * 300, "1e308"),
    *('""', '"a"', '"\\u0000"', '"\\ud83d\\ude00"', '"\u202e"', '"\\t"', '"PT1H"', '"ASC"'),
    *('"2026-11-24T09:00:00Z"', '"2026-13-24T09:00:00Z"', '"../me"', '"a/b?c#d"', f'"{"x" * 20_000}"'),
    *("[]", "{}", "[null]", "[[[[1]]]]", '{"": null}', '{"__proto__": {}}', '{"a": 1, "a": 2}', '{"and": []}'),
    *('{"eq": null}', '{"displayName": {"eq": {}}}', '{"not": {"not": {}}}', '[{"displayName": "ASC"}]'),
    *('{"displayName": 1, "tenantId": null}', '{"displayName": "a"}', '[{"displayName": "a"}, null, 3]'),
    *("[" * 50 + "]" * 50, "[" * 2000 + "]" * 2000, '{"a":' * 900 + "1" + "}" * 900, '{"not":' * 40 + "{}" + "}" * 40),
    "[" + ",".join(["0"] * 20_000) + "]",
)

BROKEN: Final = ("NaN", "Infinity", "1e400", "9" * 5000, "01", "1.", "+1", '"\\ud800"', '"\\u"', '"\t"', "'a'", "")
"""No JSON at all, so that nothing else of the request counts."""

WHOLES: Final = ("null", "[]", "3", '"a"', "true", "{}", '{"a": 1', '{"a": NaN}', '{"_literal_0": "a"}')
"""In the place of all variables."""


def variables_text(names: Iterable[str], given: dict[str, Any], rng: Random) -> str:
    """The variables with some of them other than they should be, absent, or too many."""
    if rng.random() < 0.05:
        return rng.choice(WHOLES)
    texts = {name: json.dumps(value) for name, value in given.items()}
    for name in (*names, *rng.choice(((), (), ("undeclared",), ("_literal_0", "_literal_1")))):
        if rng.random() < 0.7:
            texts[name] = rng.choice(VALUES if rng.random() < 0.97 else BROKEN)
        elif rng.random() < 0.3:
            texts.pop(name, None)
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "}"
