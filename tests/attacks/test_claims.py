"""Claims in a token that Entra's key signed, which a lenient reader might take for others."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.tokens import SAMPLE_TENANT
from tests.attacks.signer import (
    EVIL,
    EXPIRED,
    FOREIGN,
    FORGED,
    NOT_FOR_US,
    NOT_ISSUED,
    NOT_YET,
    SIGNER,
    assert_refused,
    claims,
)
from tests.auth.test_on_behalf_of import OTHER_KEY, OTHER_TENANT, code_of, exchanging
from tests.harness import GRAPH_URL, Harness, running


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    async with exchanging(emulator=Emulator(issuer=SIGNER)) as harness:
        yield harness


def twice(name: str, first: object) -> bytes:
    """The claims with one that stands there with another value before."""
    return b"{" + json.dumps({name: first})[1:-1].encode() + b"," + claims()[1:]


def overridden(name: str, last: object) -> bytes:
    return claims()[:-1] + b"," + json.dumps({name: last})[1:].encode()


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        *(
            pytest.param(claims(exp=value), EXPIRED, id=f"exp {value!r}"[:40])
            for value in ("9999999999", 9999999999.5, 1e10, True, False, 0, -1, -(10**30), [1], {"a": 1})
        ),
        pytest.param(claims(exp=None), FORGED, id="exp null"),
        *(
            pytest.param(claims(nbf=value), NOT_YET, id=f"nbf {value!r}"[:40])
            for value in ("0", 1.5, None, [0], {"a": 0}, 10**30)
        ),
        *(
            pytest.param(claims(aud=value), NOT_FOR_US, id=f"aud {value!r}"[:40])
            for value in ([GATEWAY_APP], [GATEWAY_APP, "x"], [], None, {GATEWAY_APP: 1}, "", GATEWAY_APP.upper(), 5)
        ),
        pytest.param(claims(tid=OTHER_TENANT), FOREIGN, id="another tenant"),
        *(
            pytest.param(claims(tid=value), FOREIGN, id=f"tid {value!r}"[:40])
            for value in ([SAMPLE_TENANT], None, "", f"{SAMPLE_TENANT}/../{OTHER_TENANT}", "common", "organizations")
        ),
        *(
            pytest.param(claims(iss=value), FORGED, id=f"iss {value!r}"[:60])
            for value in (
                SIGNER.issuer_of(OTHER_TENANT, "2.0"),
                SIGNER.issuer_of(SAMPLE_TENANT, "1.0"),
                f"{SIGNER.issuer_of(SAMPLE_TENANT, '2.0')}/",
                EVIL,
                [SIGNER.issuer_of(SAMPLE_TENANT, "2.0")],
                None,
            )
        ),
        pytest.param(claims(ver=2), NOT_ISSUED, id="ver 2"),
        pytest.param(overridden("tid", OTHER_TENANT), FOREIGN, id="tid twice"),
        pytest.param(overridden("exp", 1), EXPIRED, id="exp twice"),
        pytest.param(overridden("aud", "x"), NOT_FOR_US, id="aud twice"),
        pytest.param(claims()[:-1] + b',"exp":NaN}', EXPIRED, id="exp NaN"),
        pytest.param(claims()[:-1] + b',"exp":Infinity}', EXPIRED, id="exp Infinity"),
        pytest.param(claims()[:-1] + b',"nbf":-Infinity}', NOT_YET, id="nbf -Infinity"),
        pytest.param(claims(sub=5), FORGED, id="sub 5"),
    ],
)
async def test_a_claim_has_one_type_and_one_meaning(gateway: Harness, payload: bytes, message: str) -> None:
    """A value that a lenient reader might take for another is refused."""
    await assert_refused(gateway, SIGNER.signed({}, payload), message)


@pytest.mark.parametrize("name", ["tid", "aud", "exp", "iss"])
async def test_claims_that_stand_there_twice_are_read_once(gateway: Harness, name: str) -> None:
    """What is looked at before the signature is what is looked at after it."""
    token = SIGNER.signed({}, twice(name, "x"))
    assert await code_of(gateway, as_=token) == "OK"
    await assert_refused(gateway, SIGNER.signed({}, twice(name, "x"), key=OTHER_KEY), FORGED)


async def test_a_time_may_be_as_far_away_as_it_likes(gateway: Harness) -> None:
    """No number of Entra's breaks the arithmetic."""
    assert await code_of(gateway, as_=SIGNER.signed({}, claims(exp=10**400, nbf=-(10**400)))) == "OK"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 10**400},
        {"exp": [1]},
        {"aud": {"a": 1}},
        {"aud": ["x"]},
        {"tid": ["x"], "oid": {"a": 1}, "azp": 5},
        {"tid": "\r\n\x1b[31m", "oid": "x" * 10_000, "azp": "\u2028"},
        {"scp": 5, "roles": "x"},
        {"idtyp": ["app"]},
    ],
    ids=str,
)
async def test_claims_that_nobody_verified_break_nothing(logs: list[str], changes: dict[str, object]) -> None:
    """In `forward` Graph alone judges, and what is no plain id stands in no log line."""
    async with running() as gateway:
        token = SIGNER.signed({}, claims(**{"aud": GRAPH_URL, **changes}))
        assert await code_of(gateway, as_=token) == "UNAUTHENTICATED"
        assert len(gateway.sent) == 1
    assert [line for line in logs if "unforeseen" in line or "x" * 100 in line] == []
    assert [line for line in logs if not line.isprintable()] == []
