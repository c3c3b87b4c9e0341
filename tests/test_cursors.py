"""Cursors: what they carry, and that nobody else can make one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cursors import MAX_CURSOR_LENGTH, CursorSealer, Position
from gateway.errors import BadUserInputError
from gateway.graph.paging import MAX_LINK_LENGTH
from gateway.resources.catalog import CATALOG

OLD, NEW = "an old key", "a new key"
SEALER = CursorSealer([OLD])
QUESTION = '["cloudPcConnections",{},[]]'
POSITION = Position("/tenantRelationships/managedTenants/cloudPcConnections?$top=2", 1, frozenset({"id"}), 7)
CURSOR = SEALER.seal(POSITION, QUESTION)

POSITIONS = st.builds(
    Position,
    target=st.text(max_size=200),
    offset=st.integers(0, 2**31),
    names=st.frozensets(st.text(max_size=20), max_size=8),
    total_count=st.none() | st.integers(0, 2**53),
)

NO_CURSOR = (
    "`after` is not a cursor of this gateway, or the key that sealed it is gone.",
    {
        "code": "BAD_USER_INPUT",
        "retryable": False,
        "fields": ["after"],
        "hint": "Take `endCursor` or `cursor` unchanged from an earlier page, or start again without `after`.",
    },
)
OTHER_QUESTION = (
    "`after` belongs to another field, `filter` or `orderBy`.",
    {
        "code": "BAD_USER_INPUT",
        "retryable": False,
        "fields": ["after"],
        "hint": "Send the same `filter` and `orderBy` as for the first page; only `first` may differ.",
    },
)


def _refusal(cursor: str, *, sealer: CursorSealer = SEALER, question: str = QUESTION) -> tuple[str, dict[str, object]]:
    with pytest.raises(BadUserInputError) as raised:
        sealer.open(cursor, question)
    return raised.value.message, raised.value.extensions


@settings(deadline=None, max_examples=50)
@given(POSITIONS, st.text(max_size=100))
def test_a_position_comes_back_as_it_was_sealed(position: Position, question: str) -> None:
    """Whatever the link, the names and the question."""
    assert SEALER.open(SEALER.seal(position, question), question) == position


@settings(deadline=None)
@given(st.integers(0, len(urlsafe_b64decode(CURSOR)) - 1), st.integers(1, 255))
def test_a_cursor_with_any_byte_changed_is_refused(index: int, change: int) -> None:
    """The seal covers every byte."""
    sealed = bytearray(urlsafe_b64decode(CURSOR))
    sealed[index] ^= change
    assert _refusal(urlsafe_b64encode(sealed).decode()) == NO_CURSOR


@settings(deadline=None)
@given(st.integers(0, len(CURSOR) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_cursor_with_any_character_changed_never_leads_elsewhere(index: int, character: str) -> None:
    """Base64 leaves room for other spellings of the same bytes; any other bytes are refused."""
    with suppress(BadUserInputError):
        assert SEALER.open(CURSOR[:index] + character + CURSOR[index + 1 :], QUESTION) == POSITION


@settings(deadline=None)
@given(st.text(max_size=300))
def test_text_that_was_never_sealed_is_refused(cursor: str) -> None:
    """Callers cannot make a cursor, so no link of theirs is ever followed with a token."""
    assert _refusal(cursor) == NO_CURSOR


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param(CURSOR[:-1], id="cut short"),
        pytest.param(CURSOR[10:], id="without its beginning"),
        pytest.param("gAAAAABé", id="not ASCII"),
        pytest.param("\ud800", id="no Unicode"),
        pytest.param("A" * 1_000_000, id="a million characters"),
        pytest.param(
            CursorSealer([OLD]).seal(Position("/" * MAX_CURSOR_LENGTH, 0, frozenset()), QUESTION), id="too long"
        ),
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    """Each fault is answered in the same words, which tell nothing about the seal."""
    assert _refusal(cursor) == NO_CURSOR


@pytest.mark.parametrize("question", ["", '["tenantTags",{},[]]', QUESTION + " "])
def test_a_cursor_answers_only_its_own_question(question: str) -> None:
    """Another field, filter or order is refused and said to be so."""
    assert _refusal(CURSOR, question=question) == OTHER_QUESTION


def test_keys_can_be_exchanged_one_at_a_time() -> None:
    """With a new key in front, old cursors still open and new ones are sealed with the new key."""
    both = CursorSealer([NEW, OLD])
    assert both.open(CURSOR, QUESTION) == POSITION
    fresh = both.seal(POSITION, QUESTION)
    assert CursorSealer([NEW]).open(fresh, QUESTION) == POSITION
    assert _refusal(fresh, sealer=SEALER) == NO_CURSOR


def test_a_cursor_ends_with_its_key() -> None:
    """Once the old key is gone, what it sealed is refused."""
    assert _refusal(CURSOR, sealer=CursorSealer([NEW])) == NO_CURSOR


def test_a_cursor_can_be_opened_by_every_replica_with_the_key() -> None:
    """Nothing but the key is needed."""
    assert CursorSealer([OLD]).open(CURSOR, QUESTION) == POSITION


def test_a_cursor_does_not_show_its_link() -> None:
    """The content is encrypted, not only signed."""
    assert b"tenantRelationships" not in urlsafe_b64decode(CURSOR)


def test_the_longest_link_that_is_followed_makes_a_cursor_that_opens() -> None:
    """No page ends in a cursor that the gateway itself refuses."""
    widest = max(CATALOG, key=lambda spec: len(spec.properties))
    names = frozenset(each.name for each in widest.properties)
    position = Position("/" * MAX_LINK_LENGTH, 2**31, names, 2**53)
    assert SEALER.open(SEALER.seal(position, QUESTION), QUESTION) == position
