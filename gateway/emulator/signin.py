"""A person's sign-ins at the emulated Entra: by browser (authorization code with PKCE) and by device code.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and …/v2-oauth2-device-code
"""

import base64
import html
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from gateway.emulator.messages import Reply

HTML: Final = {"content-type": "text/html; charset=utf-8"}
DEVICE_SECONDS: Final = 900
POLL_SECONDS: Final = 1


@dataclass(slots=True)
class DeviceSignIn:
    """What was asked for at the start, and whether the person has confirmed it."""

    form: Mapping[str, str]
    user_code: str
    is_confirmed: bool = False


class SignIns:
    """Those that have begun and are not over."""

    def __init__(self) -> None:
        self._devices: dict[str, DeviceSignIn] = {}
        self._codes: dict[str, Mapping[str, str]] = {}

    def start_device(self, origin: str, form: Mapping[str, str]) -> Reply:
        device_code, user_code = secrets.token_urlsafe(), secrets.token_hex(4).upper()
        self._devices[device_code] = DeviceSignIn({"scope": form.get("scope", "")}, user_code)
        page = f"{origin}/common/oauth2/deviceauth"
        content = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "expires_in": DEVICE_SECONDS,
            "interval": POLL_SECONDS,
            "message": f"To sign in, open {page}?otc={user_code} in a browser.",
        }
        return Reply(200, {"content-type": "application/json"}, json.dumps(content).encode())

    def confirm(self, user_code: str) -> Reply:
        """What the person sees who opens the page: the emulator asks for no password."""
        for each in self._devices.values():
            if each.user_code == user_code:
                each.is_confirmed = True
                return Reply(200, HTML, b"<!doctype html><title>Signed in</title>You are signed in.")
        return Reply(400, HTML, b"<!doctype html><title>Unknown code</title>That code is not known.")

    def poll(self, device_code: str) -> DeviceSignIn | None:
        """The sign-in; once it is confirmed, the code is used up."""
        state = self._devices.get(device_code)
        return self._devices.pop(device_code) if state and state.is_confirmed else state

    def authorize(self, query: Mapping[str, str]) -> Reply:
        """A page that posts the code back at once, and to this machine only."""
        target = query.get("redirect_uri", "")
        if urlsplit(target).hostname not in {"localhost", "127.0.0.1"}:
            return Reply(
                400, HTML, b"<!doctype html><title>Refused</title>AADSTS50011: the redirect URI is not registered."
            )
        code = secrets.token_urlsafe()
        self._codes[code] = query
        fields = {"code": code, "state": query.get("state", "")}
        inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
        page = (
            f'<!doctype html><title>Signing in</title><form method="post" action="{html.escape(target)}">{inputs}'
            "<noscript><button>Go on</button></noscript></form><script>document.forms[0].submit()</script>"
        )
        return Reply(200, HTML, page.encode())

    def redeem(self, form: Mapping[str, str]) -> dict[str, str] | None:
        """Scope and nonce of the sign-in that the code stands for, if the verifier fits (RFC 7636 section 4.6)."""
        query = self._codes.pop(form.get("code", ""), None)
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        if query is None or query.get("code_challenge") != base64.urlsafe_b64encode(digest).rstrip(b"=").decode():
            return None
        return {name: query[name] for name in ("scope", "nonce") if name in query}
