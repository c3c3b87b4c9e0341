"""Where a page link left off ↔ the sealed cursor that a caller holds.

A cursor is encrypted and signed (Fernet), because the gateway will send an access token to the link inside. It is bound
to the question it answers: field, `filter`, `orderBy`; not to `first`. It never carries a token.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import orjson
from cryptography.fernet import InvalidToken

from gateway.errors import BadUserInputError
from gateway.seals import build_seal

PURPOSE = b"managed-tenants-gateway/cursor/1"

MAX_CURSOR_LENGTH = 16_384
"""Graph's links are a few hundred characters; a longer cursor is not ours and is cut, which breaks its seal."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a collection: the link of a page (path and query below the version), and the rows of it to skip."""

    target: str
    offset: int
    names: frozenset[str]
    """What the link selects, and therefore all that following pages can answer."""
    total_count: int | None = None
    """Graph tells the count on the first page only; later pages repeat it from here."""


class CursorSealer:
    """Seals with the first key, opens with all of them."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._fernet = build_seal(keys, PURPOSE)

    def seal(self, position: Position, question: str) -> str:
        content = [
            _digest(question),
            position.target,
            position.offset,
            sorted(position.names),
            position.total_count,
        ]
        return self._fernet.encrypt(orjson.dumps(content)).decode()

    def open(self, cursor: str, question: str) -> Position:
        """The position; `BadUserInputError` for text that is no cursor of this gateway or of another question."""
        try:
            content = orjson.loads(self._fernet.decrypt(cursor[:MAX_CURSOR_LENGTH].encode()))
        except (InvalidToken, UnicodeEncodeError):
            raise BadUserInputError(
                "`after` is not a cursor of this gateway, or the key that sealed it is gone.",
                hint="Take `endCursor` or `cursor` unchanged from an earlier page, or start again without `after`.",
                fields=("after",),
            ) from None
        digest, target, offset, names, total_count = content
        if digest != _digest(question):
            raise BadUserInputError(
                "`after` belongs to another field, `filter` or `orderBy`.",
                hint="Send the same `filter` and `orderBy` as for the first page; only `first` may differ.",
                fields=("after",),
            )
        return Position(target, offset, frozenset(names), total_count)


def _digest(question: str) -> str:
    return sha256(question.encode()).hexdigest()[:32]
