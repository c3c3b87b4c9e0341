"""stand-in until the real one arrives"""
import time, uuid
from collections.abc import Iterable
from typing import Any
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
SAMPLE_TENANT = "0c9e2b5a-1f0e-4b7e-9f55-3f4f7a1d2b11"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
class TokenIssuer:
    def issue(self, *, audience: str, scopes: Iterable[str] = (), roles: Iterable[str] = (), tenant_id: str = SAMPLE_TENANT, object_id: str = "11111111-1111-4111-8111-111111111111", app_id: str = "22222222-2222-4222-8222-222222222222", expires_in_seconds: float = 3600, **extra: Any) -> str:
        now = time.time()
        claims: dict[str, Any] = {"aud": audience, "iss": f"https://login.microsoftonline.com/{tenant_id}/v2.0", "tid": tenant_id, "oid": object_id, "azp": app_id, "iat": int(now), "nbf": int(now), "exp": int(now + expires_in_seconds), "jti": str(uuid.uuid4())}
        if scopes: claims["scp"] = " ".join(scopes)
        else: claims |= {"idtyp": "app", "roles": list(roles)}
        return jwt.encode(claims | extra, KEY, algorithm="RS256")
    def claims(self, token: str, *, audience: str) -> dict[str, Any]:
        return jwt.decode(token, KEY.public_key(), algorithms=["RS256"], audience=audience)
