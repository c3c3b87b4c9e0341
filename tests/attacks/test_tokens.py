"""Tokens whose header is made to confuse their reader: none is believed, and none leads anywhere.

https://www.rfc-editor.org/rfc/rfc8725
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.auth.claims import MAX_TOKEN_LENGTH
from gateway.auth.keys import MOST_FETCHES
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.tokens import SAMPLE_TENANT
from tests.attacks.signer import (
    EVIL,
    FORGED,
    MALFORMED,
    NOT_FOR_US,
    NOT_ISSUED,
    NOT_PUBLISHED,
    SIGNER,
    assert_refused,
    claims,
    encoded,
    joined,
)
from tests.auth.test_on_behalf_of import OTHER_KEY, code_of, exchanging
from tests.certificates import certificate_pem
from tests.harness import Harness


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    async with exchanging(emulator=Emulator(issuer=SIGNER)) as harness:
        yield harness


async def test_the_signer_makes_tokens_that_are_taken(gateway: Harness) -> None:
    """Else the tests below would tell nothing."""
    assert await code_of(gateway, as_=SIGNER.signed({}, claims())) == "OK"


# The algorithm is the gateway's choice, not the token's


@pytest.mark.parametrize("signature", ["", "AAAA"])
@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "none ", "", None, 0, False, [], ["RS256"], {"RS256": 1}], ids=repr
)
async def test_no_spelling_of_none_is_a_signature(gateway: Harness, algorithm: object, signature: str) -> None:
    """Nor is a value that is no name of an algorithm."""
    message = joined({"alg": algorithm, "kid": SIGNER.key_id}, claims())
    await assert_refused(gateway, f"{message}.{signature}", FORGED)


def pem(form: PublicFormat) -> bytes:
    return SIGNER.public_key.public_bytes(Encoding.PEM, form)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(lambda: pem(PublicFormat.SubjectPublicKeyInfo), id="PEM"),
        pytest.param(lambda: pem(PublicFormat.SubjectPublicKeyInfo).strip(), id="PEM without its last line break"),
        pytest.param(lambda: pem(PublicFormat.PKCS1), id="PEM of PKCS1"),
        pytest.param(lambda: SIGNER.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), id="DER"),
        pytest.param(lambda: json.dumps(SIGNER.jwks()["keys"][0]).encode(), id="JWK"),
        pytest.param(SIGNER.jwks()["keys"][0]["n"].encode, id="modulus"),
        pytest.param(SIGNER.key_id.encode, id="key id"),
        pytest.param(lambda: b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
async def test_what_is_public_is_no_secret(gateway: Harness, name: str, secret: Callable[[], bytes]) -> None:
    """A signature made with Entra's public key in any form is none."""
    message = joined({"alg": name, "kid": SIGNER.key_id}, claims())
    hashes = {"HS256": jwt.algorithms.HMACAlgorithm.SHA256, "HS384": jwt.algorithms.HMACAlgorithm.SHA384}
    algorithm = jwt.algorithms.HMACAlgorithm(hashes.get(name, jwt.algorithms.HMACAlgorithm.SHA512))
    await assert_refused(gateway, f"{message}.{encoded(algorithm.sign(message.encode(), secret()))}", FORGED)


@pytest.mark.parametrize("name", ["RS384", "RS512", "PS256", "rs256"])
async def test_another_algorithm_is_refused_although_the_key_is_entras(gateway: Harness, name: str) -> None:
    """Entra signs with RS256."""
    await assert_refused(gateway, SIGNER.signed({"alg": name}, claims()), FORGED)


async def test_a_key_of_another_kind_is_refused(gateway: Harness) -> None:
    """Under the id of one of Entra's."""
    key = ec.generate_private_key(ec.SECP256R1())
    token = jwt.encode(json.loads(claims()), key, algorithm="ES256", headers={"kid": SIGNER.key_id})
    await assert_refused(gateway, token, FORGED)


# A key is looked for by its id among those of the tenant, and nowhere else


def certificate() -> str:
    return "".join(certificate_pem(OTHER_KEY).splitlines()[1:-1])


@pytest.mark.parametrize("key_id", [SIGNER.key_id, "evil", None], ids=["Entra's id", "an unknown id", "no id"])
@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"jku": EVIL}, id="jku"),
        pytest.param({"x5u": EVIL}, id="x5u"),
        pytest.param({"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))}, id="jwk"),
        pytest.param({"x5c": [certificate()]}, id="x5c"),
        pytest.param({"x5t": b64encode(b"evil").decode(), "x5t#S256": "evil"}, id="x5t"),
        pytest.param({"iss": EVIL, "aud": GATEWAY_APP}, id="claims in the header"),
    ],
)
async def test_a_token_does_not_bring_its_own_key(gateway: Harness, header: dict[str, Any], key_id: str | None) -> None:
    """What a header offers is neither used nor fetched."""
    message = {SIGNER.key_id: FORGED, "evil": NOT_PUBLISHED, None: NOT_ISSUED}[key_id]
    given = {**header, "kid": key_id} if key_id else header
    token = SIGNER.signed(given, claims(), key=OTHER_KEY)
    if key_id is None:
        # PyJWT takes a header without an id.
        bare = joined({"alg": "RS256", **header}, claims())
        token = f"{bare}.{token.rpartition('.')[2]}"
    await assert_refused(gateway, token, message)


@pytest.mark.parametrize(
    ("key_id", "message"),
    [
        pytest.param("../../../../dev/null", NOT_PUBLISHED, id="a path"),
        pytest.param("file:///etc/passwd", NOT_PUBLISHED, id="a file"),
        pytest.param(EVIL, NOT_PUBLISHED, id="a URL"),
        pytest.param("' or '1'='1' --", NOT_PUBLISHED, id="SQL"),
        pytest.param("$(id)", NOT_PUBLISHED, id="a command"),
        pytest.param("\r\nX-Evil: 1\0\x1b[31m\u2028", NOT_PUBLISHED, id="control characters"),
        pytest.param("x" * 10_240, NOT_PUBLISHED, id="10 kB"),
        pytest.param("", NOT_PUBLISHED, id="empty"),
        pytest.param("__class__", NOT_PUBLISHED, id="a name of Python's"),
        pytest.param(SIGNER.key_id.upper(), NOT_PUBLISHED, id="in capitals"),
        pytest.param(f"{SIGNER.key_id} ", NOT_PUBLISHED, id="with a space"),
        pytest.param("\ud800", NOT_PUBLISHED, id="half a character"),
        pytest.param(5, NOT_FOR_US, id="a number"),
        pytest.param([SIGNER.key_id], NOT_FOR_US, id="a list"),
        pytest.param({"a": 1}, NOT_FOR_US, id="an object"),
    ],
)
async def test_a_key_id_is_a_name_and_no_more(gateway: Harness, logs: list[str], key_id: object, message: str) -> None:
    """It is looked up, never followed, and not logged."""
    await assert_refused(gateway, SIGNER.signed({"kid": key_id}, claims(), key=OTHER_KEY), message)
    assert [line for line in logs if "evil" in line or "x" * 100 in line] == []


@pytest.mark.parametrize("concurrently", [True, False])
async def test_random_key_ids_cost_entra_a_few_calls(gateway: Harness, concurrently: bool) -> None:
    """However many, in both versions of tokens, from this tenant and from made-up ones, one by one or at once."""
    tokens = [
        SIGNER.signed(
            {"kid": f"random-{number}"},
            claims(ver="1.0" if number % 2 else "2.0", tid=SAMPLE_TENANT if number % 3 else f"{number:036}"),
            key=OTHER_KEY,
        )
        for number in range(60)
    ]
    if concurrently:
        codes = set(await asyncio.gather(*(code_of(gateway, as_=token) for token in tokens)))
    else:
        codes = {await code_of(gateway, as_=token) for token in tokens}
    assert codes == {"UNAUTHENTICATED"}
    paths = [each.path for each in gateway.emulator.entra_journal]
    assert len(paths) <= 2 * 2 * MOST_FETCHES
    assert {path.split("/")[1] for path in paths} == {SAMPLE_TENANT}
    assert await code_of(gateway) == "OK"


# What is understood by half is refused


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param({"crit": ["evil"], "evil": 1}, NOT_FOR_US, id="an extension that must be understood"),
        pytest.param({"crit": []}, NOT_FOR_US, id="no extension"),
        pytest.param({"crit": "exp"}, NOT_FOR_US, id="a text for a list"),
        pytest.param({"crit": ["b64"], "b64": False}, NOT_FOR_US, id="a payload that is not encoded"),
        pytest.param({"b64": False}, NOT_FOR_US, id="the same, unannounced"),
    ],
)
async def test_an_extension_that_is_not_understood_is_not_passed_over(
    gateway: Harness, header: dict[str, Any], message: str
) -> None:
    """Although Entra's key signed it (RFC 7515 section 4.1.11)."""
    await assert_refused(gateway, SIGNER.signed(header, claims()), message)


@pytest.mark.parametrize("header", [{"cty": "JWT"}, {"cty": "JWT", "zip": "DEF"}, {}], ids=repr)
async def test_a_token_in_a_token_is_not_unpacked(gateway: Harness, header: dict[str, str]) -> None:
    """However well the inner one is signed."""
    inner = SIGNER.signed({}, claims()).encode()
    await assert_refused(gateway, SIGNER.signed(header, inner), NOT_FOR_US)
    await assert_refused(gateway, SIGNER.signed(header, inner, key=OTHER_KEY), NOT_FOR_US)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        pytest.param("a" * 1_000_000, MALFORMED, id="1 MB"),
        pytest.param("." * MAX_TOKEN_LENGTH, NOT_FOR_US, id="dots"),
        pytest.param(f"{encoded(b'[' * 20_000)}.{encoded(b'{}')}.AAAA", NOT_FOR_US, id="a deep header"),
        pytest.param(f"{joined({'alg': 'RS256'}, b'[' * 20_000)}.AAAA", NOT_FOR_US, id="deep claims"),
        pytest.param(f"{joined({'alg': 'RS256'}, b'9' * 20_000)}.AAAA", NOT_FOR_US, id="20,000 digits"),
        pytest.param(f"{joined({'alg': 'RS256'}, b'[]')}.AAAA", NOT_FOR_US, id="claims that are a list"),
        pytest.param(f"{joined({'alg': 'RS256'}, b'{}')}.AAAA.AAAA", NOT_FOR_US, id="four parts"),
        pytest.param(f"{joined({'alg': 'dir', 'enc': 'A128GCM'}, b'{}')}.A.A.A", NOT_FOR_US, id="an encrypted one"),
        pytest.param("a" * 5 + "%00" + "a" * 5, MALFORMED, id="an encoded NUL"),
        pytest.param('{"payload":""}', MALFORMED, id="the JSON form"),
    ],
)
async def test_what_is_no_token_is_refused(gateway: Harness, token: str, message: str) -> None:
    """In no time, whatever it would cost to read."""
    await assert_refused(gateway, token, message)
