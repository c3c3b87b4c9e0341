"""Ids of requests: what Microsoft Graph and every log search take for a UUID."""

from uuid import RFC_4122, UUID

from gateway.ids import new_id


def test_an_id_is_a_random_uuid_as_text() -> None:
    """Of version 4 and the usual variant, written as UUIDs are."""
    ids = [new_id() for _ in range(1_000)]
    parsed = [UUID(each) for each in ids]
    assert [str(each) for each in parsed] == ids
    assert {(each.version, each.variant) for each in parsed} == {(4, RFC_4122)}


def test_no_two_ids_are_the_same() -> None:
    """All bits that are not fixed are random."""
    ids = [UUID(new_id()).int for _ in range(1_000)]
    assert len(set(ids)) == len(ids)
    varying = 0
    for each in ids:
        varying |= each ^ ids[0]
    assert varying.bit_count() == 122
