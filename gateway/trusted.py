"""Trusted documents: those that the operator's manifests name. A client may send the id alone.

The ids are known by several names in a request, see `params`.
https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.clock import Clock
from gateway.documents import Document, DocumentError, Documents
from gateway.errors import BadRequestError, OperationLimitError, PersistedQueryNotFoundError, UntrustedDocumentError
from gateway.manifests import ManifestError, manifest_files, read_manifests, to_id

log = logging.getLogger("gateway")

LOOK_SECONDS: Final = 2.0
"""Between two looks whether the manifests have changed. Orchestrators replace mounted files without a word."""

MOST_FAULTS: Final = 20

Stamp = tuple[tuple[Path, int, int, int, int], ...]
"""Files, each with its inode, times and size, by which a change is noticed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What has been read."""

    by_id: Mapping[str, Document]
    by_text: Mapping[str, Document]
    stamp: Stamp


class TrustedDocuments:
    """One for each process. `only`: whether nothing else may be run.

    `make_ready` is called with each document, so that the first request for it is as fast as the next.
    Raises `ManifestError` if the manifests cannot be used; later on the documents stay as they were.
    """

    def __init__(self, path: Path, documents: Documents, *, only: bool, make_ready: Callable[[Document], None]) -> None:
        self._path = path
        self._documents = documents
        self._only = only
        self._make_ready = make_ready
        self._known = Known({}, {}, ())
        stamp = self._stamp()
        for known in self._read(read_manifests(file for file, *_ in stamp), stamp):
            self._known = known or self._known

    def find(self, query: str | None, document_id: str | None) -> Document | None:
        """The trusted document that is named or sent; None for another one that may be run. Raises `GatewayError`."""
        named = None if document_id is None else self._known.by_id.get(to_id(document_id))
        if query is None:
            if named is None:
                raise PersistedQueryNotFoundError("No trusted document has this id.")
            return named
        if named is not None and named.text != query:
            raise BadRequestError("`query` is not the trusted document that the id names. Send one of them.")
        document = self._known.by_text.get(query)
        if document is None and self._only:
            raise UntrustedDocumentError(
                "This gateway runs trusted documents only, and this is none of them.",
                hint="Its operator can add the document to a manifest in GATEWAY_TRUSTED_DOCUMENTS_PATH.",
            )
        return document

    async def watch(self, clock: Clock) -> None:
        """Reads the manifests again whenever they have changed, until it is cancelled."""
        told: Exception | None = None
        while True:
            await clock.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as failure:  # noqa: BLE001 - whatever it is, the gateway goes on
                if repr(failure) != repr(told):
                    faults = failure.faults if isinstance(failure, ManifestError) else [repr(failure)]
                    log.error("trusted documents stay as they were", extra={"fields": {"faults": faults}})  # noqa: TRY400
                told = failure
            else:
                told = None

    async def _look(self) -> None:
        stamp = await asyncio.to_thread(self._stamp)
        if stamp == self._known.stamp:
            return
        texts = await asyncio.to_thread(read_manifests, [file for file, *_ in stamp])
        for known in self._read(texts, stamp):
            await asyncio.sleep(0)  # requests go on in between
            if known is not None:
                self._known = known
                log.info("trusted documents were read again", extra={"fields": {"documents": len(known.by_id)}})

    def _stamp(self) -> Stamp:
        files = manifest_files(self._path)
        try:
            found = [(file, file.stat()) for file in files]
        except OSError as error:
            raise ManifestError([f"{self._path}: cannot be read ({error.strerror})"]) from None
        return tuple((file, each.st_ino, each.st_mtime_ns, each.st_ctime_ns, each.st_size) for file, each in found)

    def _read(self, texts: Mapping[str, str], stamp: Stamp) -> Iterator[Known | None]:
        """Yields None after each document, and what is known at last. Those that are known already stay as they are."""
        by_text: dict[str, Document] = {}
        faults: list[str] = []
        for document_id, text in texts.items():
            try:
                if text not in by_text:
                    by_text[text] = self._known.by_text.get(text) or self._ready(text)
            except OperationLimitError as error:
                faults.append(f"document {document_id}: {error.message}")
            except DocumentError as error:
                faults += [f"document {document_id}: {each.message}" for each in error.errors]
            yield None
        if faults:
            more = [f"and {len(faults) - MOST_FAULTS} more faults"] if len(faults) > MOST_FAULTS else []
            raise ManifestError([*faults[:MOST_FAULTS], *more])
        yield Known({document_id: by_text[text] for document_id, text in texts.items()}, by_text, stamp)

    def _ready(self, text: str) -> Document:
        document = self._documents.read(text)
        self._make_ready(document)
        return document
