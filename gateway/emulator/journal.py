"""Everything that the emulated Graph received, in order of arrival, and what became of it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from gateway.emulator.messages import Call, Json, from_bytes


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request. `path` is as sent; `body` is the decoded JSON, or the text of what is no JSON, None if empty.

    `request_id` is the one in the answer's headers. `item` is the call's id in a batch; the batch itself is the entry
    before it that has the same request id and no item. `status` is what the client was told: None as long as there is
    no answer, and if the connection was dropped. `work_done`: the operation was carried out, whatever the client was
    told.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Json
    request_id: str
    item: str | None = None
    status: int | None = None
    work_done: bool = False

    def to_json(self) -> Json:
        """Without the access token: it leaves the process as the start of its hash."""
        return {
            "method": self.method,
            "path": self.path,
            "query": [list(pair) for pair in self.query],
            "headers": {name: _shown(name, value) for name, value in self.headers.items()},
            "body": self.body,
            "requestId": self.request_id,
            "item": self.item,
            "status": self.status,
            "workDone": self.work_done,
        }


class Journal:
    """Iterates over the entries, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[int, JournalEntry] = {}
        self._numbers = count()

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> JournalEntry:
        return list(self._entries.values())[index]

    def clear(self) -> None:
        self._entries.clear()

    def open(self, call: Call, *, item: str | None) -> int:
        """Enters a request; returns the number by which its outcome is entered."""
        number = next(self._numbers)
        self._entries[number] = JournalEntry(
            call.method, call.path, call.query, call.headers, _decoded(call.content), call.request_id, item
        )
        return number

    def settle(self, number: int, *, status: int | None, work_done: bool) -> None:
        if number in self._entries:
            self._entries[number] = replace(self._entries[number], status=status, work_done=work_done)


def _decoded(content: bytes) -> Json:
    try:
        return from_bytes(content) if content else None
    except ValueError:
        return content.decode(errors="replace")


def _shown(name: str, value: str) -> str:
    if name != "authorization":
        return value
    scheme, _, token = value.partition(" ")
    return f"{scheme} sha256:{hashlib.sha256(token.encode()).hexdigest()[:12]}"
