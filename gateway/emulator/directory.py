"""What the emulated Entra knows: its tenant, one person, and the apps that are registered."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_PERSON, SAMPLE_TENANT

GATEWAY_APP: Final = "4f0a7c52-6f1d-4b8e-9c57-0d2a8b1e6c33"


@dataclass(frozen=True, slots=True)
class App:
    """An app registration. `signs_people_in`: people may sign in with it where no secret can be kept.

    `keys` verify client assertions: those of its certificates, and of the issuers that it federates with.
    `consented` are the delegated Graph permissions that an administrator has granted; `scopes` those that it exposes,
    in tokens of `version`.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    keys: tuple[rsa.RSAPublicKey, ...] = ()
    consented: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    version: Literal["1.0", "2.0"] = "2.0"
    signs_people_in: bool = False

    @property
    def uri(self) -> str:
        return f"api://{self.client_id}"


@dataclass(slots=True)
class Directory:
    """One tenant, or several with the same apps. `lifetime_seconds`: of the tokens that Entra issues."""

    apps: dict[str, App]
    tenant_ids: tuple[str, ...] = (SAMPLE_TENANT,)
    person: str = SAMPLE_PERSON
    lifetime_seconds: float = 3600

    @classmethod
    def sample(cls, permissions: Iterable[str]) -> "Directory":
        """The gateway, with everything consented to, and an app of which the person's tokens are."""
        every = frozenset(permissions)
        gateway = App(
            GATEWAY_APP,
            secret=secrets.token_urlsafe(24),
            consented=every,
            scopes=frozenset({"access_as_user"}),
            signs_people_in=True,
        )
        return cls({each.client_id: each for each in (gateway, App(SAMPLE_APP, consented=every, signs_people_in=True))})

    def register(self, app: App) -> None:
        """Adds the app, or replaces the one with its id."""
        self.apps[app.client_id] = app

    def app_of(self, resource: str) -> App | None:
        """The app that a resource of a scope stands for."""
        by_uri: Mapping[str, App] = {each.uri: each for each in self.apps.values()}
        return by_uri.get(resource) or self.apps.get(resource)
