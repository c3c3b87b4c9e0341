"""The pages in docs/ name tests that exist, and promise nothing without one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(tests/\S+?\.py)(?:::(\w+))?`")


@pytest.mark.parametrize("page", ["guarantees.md", "reliability.md", "security.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    """By file and name."""
    named = NAMED.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert named
    for file, name in named:
        assert not name or f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)
        assert (ROOT / file).is_file()


@pytest.mark.parametrize("page", ["guarantees.md", "security.md"])
def test_every_row_names_a_test(page: str) -> None:
    """A sentence that nothing shows is not one to rely on."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not re.match(r"\| (sentence|attack) \|", line)]
    assert rows
    assert [row for row in rows if not re.search(r"`tests/\S+?\.py::\w+`", row)] == []
