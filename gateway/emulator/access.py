"""Whether the bearer of an access token may do what is asked. Delegated permissions only, as in the real namespace.

https://learn.microsoft.com/graph/permissions-overview
"""

from jwt import ExpiredSignatureError, InvalidAudienceError, InvalidTokenError

from gateway.emulator.messages import Call, Json, RefusalError
from gateway.emulator.tokens import TokenIssuer

AUDIENCE = "https://graph.microsoft.com"

CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)

Claims = dict[str, Json]


def authorize(call: Call, permission: str | None, issuer: TokenIssuer) -> Claims:
    """The claims of the call's token; refuses one that is missing, bad, app-only or without the permission.

    Where Microsoft names no permission any delegated token will do.
    """
    claims = authenticate(call, issuer)
    if claims.get("idtyp") == "app" or "scp" not in claims:
        raise RefusalError(403, "Forbidden", "Application permissions are not supported by this API.")
    scopes = set(str(claims["scp"]).split())
    if permission is not None and scopes.isdisjoint(_sufficient(permission)):
        raise RefusalError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return claims


def authenticate(call: Call, issuer: TokenIssuer) -> Claims:
    """The claims of the call's token, whatever it permits."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if not token.strip():
        raise _unauthenticated("Access token is empty.")
    if scheme.lower() != "bearer":
        raise _unauthenticated("Access token is not a bearer token.")
    try:
        return issuer.claims(token.strip(), audience=AUDIENCE)
    except ExpiredSignatureError:
        raise _unauthenticated("Lifetime validation failed, the token is expired.") from None
    except InvalidAudienceError:
        raise _unauthenticated("Access token validation failure. Invalid audience.") from None
    except InvalidTokenError:
        raise _unauthenticated("IDX14100: JWT is not well formed, or its signature is not valid.") from None


def _unauthenticated(message: str) -> RefusalError:
    return RefusalError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": CHALLENGE})


def _sufficient(permission: str) -> set[str]:
    """The permission and the greater one that includes it."""
    return {permission, permission.replace(".Read.", ".ReadWrite.")}
