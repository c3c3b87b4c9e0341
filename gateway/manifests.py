"""Files that name documents: what clients' build tools write of the documents in a client's code.

Apollo's tools write a manifest of their own format; Relay's compiler, graphql-codegen's client preset and others an
object of ids and texts.
https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format
https://relay.dev/docs/guides/persisted-queries/#local-persisted-queries
https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#persisted-documents
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

APOLLO: Final = "apollo-persisted-query-manifest"
SHA256: Final = "sha256:"


class ManifestError(Exception):
    """What was read cannot be used. `faults`: one line each, with the file."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def manifest_files(path: Path) -> list[Path]:
    """The file, or all JSON files that are directly in the folder; raises `ManifestError`."""
    try:
        if not path.is_dir():
            return [path]
        files = sorted(path.glob("*.json"))
    except OSError as error:
        raise ManifestError([f"{path}: cannot be read ({error.strerror})"]) from None
    if not files:
        raise ManifestError([f"{path}: no file *.json in this folder"])
    return files


def read_manifests(files: Iterable[Path]) -> dict[str, str]:
    """Id → text of the document; raises `ManifestError` with all that is wrong."""
    texts: dict[str, str] = {}
    faults: list[str] = []
    for file in files:
        try:
            for document_id, text in _entries(orjson.loads(file.read_bytes())):
                if texts.setdefault(to_id(document_id), text) != text:
                    faults.append(f"{file}: another document has the id {document_id} too")
        except OSError as error:
            faults.append(f"{file}: cannot be read ({error.strerror})")
        except orjson.JSONDecodeError as error:
            faults.append(f"{file}: not JSON ({error})")
        except ValueError as error:
            faults.append(f"{file}: {error}")
    if faults:
        raise ManifestError(faults)
    return texts


def to_id(document_id: str) -> str:
    """The same for an id with and without the name of its hash.

    https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
    """
    return document_id.removeprefix(SHA256)


def _entries(content: Any) -> Iterator[tuple[str, str]]:
    """Ids and texts; raises `ValueError` for what is no manifest."""
    if not isinstance(content, dict):
        raise ValueError("must be an object: a manifest of Apollo's format, or ids and documents")  # noqa: TRY004
    if "format" not in content:
        entries: Any = content.items()
    elif content["format"] == APOLLO and content.get("version") == 1 and isinstance(content.get("operations"), list):
        operations = [each if isinstance(each, dict) else {} for each in content["operations"]]
        entries = [(each.get("id"), each.get("body")) for each in operations]
    else:
        raise ValueError(f"must be of the format {APOLLO} in version 1, with a list of operations")
    for document_id, text in entries:
        if not (isinstance(document_id, str) and document_id and isinstance(text, str)):
            raise ValueError(f"the entry {document_id!r} must be an id and the text of a document")
        yield document_id, text
