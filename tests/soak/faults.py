"""What the emulator does to the gateway's calls, in portions: its rules are used up, and would pile up."""

from random import Random
from typing import Any, Final

FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "Refuse", "status": 500},
    {"kind": "Refuse", "status": 503, "code": "serviceNotAvailable"},
    {"kind": "Refuse", "status": 403},
    {"kind": "Refuse", "status": 409},
    {"kind": "Refuse", "status": 429, "retry_after_seconds": 1},
    {"kind": "Refuse", "status": 429, "retry_after_seconds": 1, "retry_after_date": True},
    {"kind": "Refuse", "status": 429, "retry_after_seconds": 99},
    {"kind": "Delay", "seconds": 0.3},
    {"kind": "Delay", "seconds": 0.1},
    {"kind": "DropBefore"},
    {"kind": "DropAfter"},
    {"kind": "TruncatedBody"},
    {"kind": "TruncatedBody", "announced": False},
    {"kind": "HtmlBody", "status": 502},
    {"kind": "HtmlBody", "status": 200, "after_work": True},
    {"kind": "HtmlBody", "status": 504, "after_work": True},
    {"kind": "EmptyBody"},
    {"kind": "Redirect"},
    {"kind": "ClaimsChallenge"},
    {"kind": "ClampedTop", "most": 3},
    {"kind": "EmptyPage"},
    {"kind": "StrayNextLink"},
    {"kind": "IgnoredOptions"},
    {"kind": "OmittedMembers", "names": ["displayName"]},
)

PATH: Final = "managedTenants/|batch"
"""Of the gateway's calls, and not of those that watch the emulator."""

PORTION_SECONDS: Final = 0.5
AT_A_TIME: Final = 8
APART: Final = 30
"""Most calls that are spared before a fault."""


def portion(rng: Random) -> list[dict[str, Any]]:
    """Rules for the next while: of reads and writes, some in a hundred meet a fault."""
    return [
        {"method": rng.choice(("GET", "POST", None)), "path": PATH, "skip": rng.randint(0, APART), "fault": fault}
        for fault in rng.sample(FAULTS, k=AT_A_TIME)
    ]
