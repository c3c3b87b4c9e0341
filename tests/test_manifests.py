"""What clients' build tools write, and each way in which a file is none of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.manifests import ManifestError, manifest_files, read_manifests

A, B = "query A { __typename }", "query B { __typename }"
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "dc67", "name": "A", "type": "query", "body": A}],
}


def written(folder: Path, **contents: Any) -> Path:
    for name, content in contents.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def read(path: Path) -> dict[str, str]:
    return read_manifests(manifest_files(path))


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ManifestError) as raised:
        read(path)
    assert str(raised.value) == "\n".join(raised.value.faults)
    return [fault.replace(str(path), "…") for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("content", "documents"),
    [
        pytest.param(APOLLO, {"dc67": A}, id="Apollo"),
        pytest.param({"0c4d": A, "7aa1": B}, {"0c4d": A, "7aa1": B}, id="Relay, graphql-codegen"),
        pytest.param({"sha256:0c4d": A}, {"0c4d": A}, id="with the name of the hash"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_the_formats_of_the_common_tools_are_read(tmp_path: Path, content: Any, documents: dict[str, str]) -> None:
    """From a file."""
    written(tmp_path, manifest=content)
    assert read(tmp_path / "manifest.json") == documents


def test_a_folder_is_all_its_files_together(tmp_path: Path) -> None:
    """Each client has its own; two may have the same document. Other files are none of ours."""
    (tmp_path / "README.md").write_text("notes")
    assert read(written(tmp_path, web=APOLLO, mobile={"7aa1": B, "dc67": A})) == {"7aa1": B, "dc67": A}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param("{", "not JSON (unexpected end of data: line 1 column 2 (char 1))", id="half of it"),
        pytest.param([A], "must be an object: a manifest of Apollo's format, or ids and documents", id="a list"),
        pytest.param({"0c4d": 1}, "the entry '0c4d' must be an id and the text of a document", id="no text"),
        pytest.param({"": A}, "the entry '' must be an id and the text of a document", id="no id"),
        pytest.param(
            {**APOLLO, "operations": [{"id": "dc67"}]},
            "the entry 'dc67' must be an id and the text of a document",
            id="Apollo without a body",
        ),
        pytest.param(
            {**APOLLO, "operations": ["x"]},
            "the entry None must be an id and the text of a document",
            id="Apollo without an operation",
        ),
        pytest.param(
            {**APOLLO, "version": 2},
            "must be of the format apollo-persisted-query-manifest in version 1, with a list of operations",
            id="a later version",
        ),
        pytest.param(
            {"format": "x"},
            "must be of the format apollo-persisted-query-manifest in version 1, with a list of operations",
            id="another format",
        ),
        pytest.param(
            {**APOLLO, "operations": {}},
            "must be of the format apollo-persisted-query-manifest in version 1, with a list of operations",
            id="no list",
        ),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: Path, content: Any, fault: str) -> None:
    """With the file."""
    assert faults_of(written(tmp_path, manifest=content)) == [f"…/manifest.json: {fault}"]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """An id stands for one document, whichever client it is from."""
    (tmp_path / "c.json").mkdir()
    assert faults_of(written(tmp_path, a={"1": A}, b={"1": B}, d="x")) == [
        "…/b.json: another document has the id 1 too",
        "…/c.json: cannot be read (Is a directory)",
        "…/d.json: not JSON (unexpected character, expected a JSON value: line 1 column 1 (char 0))",
    ]


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    """Whoever wants no document names an empty manifest."""
    assert faults_of(tmp_path) == ["…: no file *.json in this folder"]


def test_a_path_that_may_not_be_looked_at_is_told(tmp_path: Path) -> None:
    """Python raises what is no fault of the path itself."""
    name = "x" * 300
    assert faults_of(tmp_path / name) == ["…: cannot be read (File name too long)"]
