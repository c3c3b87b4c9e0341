"""Access tokens of the emulated Entra: issued, verified, their signing keys published and rotated.

Claims: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

import json
import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

GRAPH: Final = "https://graph.microsoft.com"
SAMPLE_TENANT: Final = "0c9e2b5a-1f0e-4b7e-9f55-3f4f7a1d2b11"
SAMPLE_PERSON: Final = "5d4b6a52-6f0c-4a43-8a7e-1f6f3c9f0a01"
SAMPLE_APP: Final = "b7c1d0ce-95f8-4d5e-8f27-2f0a6c1e7d21"


class TokenIssuer:
    """One set of signing keys: the newest signs, all published ones verify."""

    def __init__(self, entra_url: str = "https://login.microsoftonline.com") -> None:
        self.entra_url = entra_url
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate()

    def rotate(self) -> None:
        """A new key signs from now on; the older ones stay published until `retire_old`."""
        self._keys[uuid4().hex] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def retire_old(self) -> None:
        newest = list(self._keys)[-1]
        self._keys = {newest: self._keys[newest]}

    def issue(
        self,
        *,
        audience: str,
        scopes: Iterable[str] = (),
        roles: Iterable[str] = (),
        tenant_id: str = SAMPLE_TENANT,
        object_id: str = SAMPLE_PERSON,
        app_id: str = SAMPLE_APP,
        expires_in_seconds: float = 3600,
        version: str = "2.0",
        **extra: Any,
    ) -> str:
        """A delegated token if there are scopes, an app-only one if not. `extra` claims win over all others."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": self.issuer_of(tenant_id, version),
            "iat": now,
            "nbf": now,
            "exp": int(now + expires_in_seconds),
            "azp" if version == "2.0" else "appid": app_id,
            "oid": object_id,
            "sub": object_id,
            "tid": tenant_id,
            "uti": uuid4().hex,
            "ver": version,
        }
        granted = " ".join(scopes)
        claims |= {"scp": granted} if granted else {"idtyp": "app", "roles": list(roles)}
        key_id, key = list(self._keys.items())[-1]
        return jwt.encode(claims | extra, key, algorithm="RS256", headers={"kid": key_id})

    def issuer_of(self, tenant_id: str, version: str) -> str:
        """https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference, claim `iss`."""
        return f"{self.entra_url}/{tenant_id}/v2.0" if version == "2.0" else f"https://sts.windows.net/{tenant_id}/"

    def claims(self, token: str, *, audience: str | list[str]) -> dict[str, Any]:
        """The verified claims; raises `jwt.InvalidTokenError`."""
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidTokenError("signed with a key that is not published")
        return jwt.decode(token, key.public_key(), algorithms=["RS256"], audience=audience)

    def jwks(self) -> dict[str, Any]:
        """The published keys (RFC 7517)."""
        return {
            "keys": [
                {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": key_id, "use": "sig", "alg": "RS256"}
                for key_id, key in self._keys.items()
            ]
        }
