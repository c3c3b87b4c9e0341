"""Tokens made by hand, signed with Entra's key or with another, and what becomes of a request with one."""

import json
from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.tokens import TokenIssuer
from tests.harness import Harness

EVIL: Final = "https://evil.example/evil"
MALFORMED: Final = "The access token is malformed."
FORGED: Final = "The access token's signature or issuer is not that of its tenant."
NOT_FOR_US: Final = "The access token is not for this gateway."
NOT_ISSUED: Final = "The access token is not one that Microsoft Entra issues."
NOT_PUBLISHED: Final = "The access token is signed with a key that Microsoft Entra does not publish."
EXPIRED: Final = "The access token has expired."
NOT_YET: Final = "The access token is not valid yet."
FOREIGN: Final = "The access token is from a tenant that this gateway does not serve."


class Signer(TokenIssuer):
    """Signs whatever it is given: what even Entra's own key must not make believed."""

    @property
    def key_id(self) -> str:
        return next(iter(self._keys))

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        return self._keys[self.key_id].public_key()

    def signed(self, header: Mapping[str, Any], payload: bytes, *, key: rsa.RSAPrivateKey | None = None) -> str:
        algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        message = joined({"alg": "RS256", "kid": self.key_id, **header}, payload)
        return f"{message}.{encoded(algorithm.sign(message.encode(), key or self._keys[self.key_id]))}"


SIGNER: Final = Signer()


def encoded(content: bytes) -> str:
    return jwt.utils.base64url_encode(content).decode()


def joined(header: Mapping[str, Any], payload: bytes) -> str:
    return f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"


def claims(**changes: Any) -> bytes:
    """Those of a token that is taken, with changes."""
    good = SIGNER.issue(audience=GATEWAY_APP, scopes=["access_as_user"])
    return json.dumps(jwt.decode(good, options={"verify_signature": False}) | changes).encode()


async def assert_refused(gateway: Harness, token: str, message: str) -> None:
    """Before anything is parsed, exchanged or sent; Entra is asked for its keys at most."""
    gateway.emulator.entra_journal.clear()
    gateway.emulator.journal.clear()
    response = await gateway.post("no GraphQL", as_=token)
    [error] = response.json()["errors"]
    assert (response.status_code, error["message"]) == (401, message)
    asked = {f"{each.method} {each.path.rpartition('/')[2]}" for each in gateway.emulator.entra_journal}
    assert asked <= {"GET openid-configuration", "GET keys"}
    assert len(gateway.emulator.entra_journal) <= 4
    assert gateway.sent == []
