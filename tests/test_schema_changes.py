"""A breaking change of `schema.graphql` must stand in the changelog, in graphql-core's own words.

The schema is compared with the one of the newest release (tag `v…`), before the first release with the one of the
commit before. Where Git cannot tell (a shallow clone, an unpacked archive) there is nothing to compare.
"""

import re
import subprocess
from pathlib import Path

import pytest
from graphql import build_schema, find_breaking_changes

ROOT = Path(__file__).parents[1]


def test_breaking_changes_stand_in_the_changelog() -> None:
    """Nobody learns of one from their own errors."""
    released = _git("describe", "--tags", "--abbrev=0", "--match=v*") or "HEAD^"
    before = _git("show", f"{released}:schema.graphql")
    if before is None:
        pytest.skip("Git has no earlier schema.graphql here")
    now = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    missing = unmentioned(before, now, changelog)
    assert not missing, "\n".join(["The topmost section of CHANGELOG.md must say:", *missing])


def test_a_change_is_asked_for_until_the_topmost_section_says_it() -> None:
    """Older sections do not count; line breaks and quotes do not matter."""
    before, now = "type Query { a: Int, b: Int, c: ID }", "type Query { a: Int!, b: ID! }"
    said = "## Unreleased\n\n- Field `Query.b` changed type\n  from Int to ID!.\n"
    assert unmentioned(before, now, f"# Changelog\n\n{said}") == ["Field Query.c was removed."]
    assert unmentioned(before, now, f"# Changelog\n\n## Unreleased\n\n{said}") == [
        "Field Query.b changed type from Int to ID!.",
        "Field Query.c was removed.",
    ]


def unmentioned(before: str, now: str, changelog: str) -> list[str]:
    """Breaking changes that the topmost section of the changelog does not name, sorted."""
    section = " ".join(re.split(r"^## ", changelog, flags=re.MULTILINE)[1].replace("`", "").split())
    changes = find_breaking_changes(build_schema(before), build_schema(now))
    return sorted(change.description for change in changes if change.description not in section)


def _git(*arguments: str) -> str | None:
    try:
        run = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=True, text=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()
