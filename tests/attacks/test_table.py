"""The table of attacks in `docs/security.md`."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_in_the_table_exists() -> None:
    """By file and name."""
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    assert named
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
