"""Requests that nobody sane would send, to a gateway process before an emulator process: a part of `make fuzz`."""

import os

from tests.fuzz.run import fuzz

SEED = int(os.environ.get("FUZZ_SEED", "1"))
DOCUMENTS = int(os.environ.get("FUZZ_DOCUMENTS", "2000"))


def test_whatever_is_sent_is_answered_as_published() -> None:
    """In the format of GraphQL over HTTP, with a published code, without a trace; and the process goes on as before."""
    findings, at_the_end = fuzz(SEED, DOCUMENTS)
    assert "\n\n".join([*findings.failures, *at_the_end]) == "", f"FUZZ_SEED={SEED} FUZZ_DOCUMENTS={DOCUMENTS}"
    assert sum(findings.statuses.values()) == DOCUMENTS
    assert findings.statuses["200"] > DOCUMENTS / 5, findings.statuses
