"""What the emulated Entra knows: its tenant, one person, and the apps that are registered."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import NAMESPACE_OID, uuid5

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_PERSON, SAMPLE_TENANT

GATEWAY_APP: Final = "4f0a7c52-6f1d-4b8e-9c57-0d2a8b1e6c33"
READER_APP: Final = "2f6d0b1a-7c3e-4a55-8b0d-9e1c5a7f3d41"
WRITER_APP: Final = "8c1e4d7b-2a9f-4f36-a6d2-5b3e0c8a1f52"


@dataclass(frozen=True, slots=True)
class App:
    """An app registration. `signs_people_in`: people may sign in with it where no secret can be kept.

    `keys` verify client assertions: those of its certificates, and of the issuers that it federates with.
    `consented` are the delegated Graph permissions that an administrator has granted; `scopes` those that it exposes,
    in tokens of `version`. `roles` are the app roles of the gateway that were assigned to it.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    keys: tuple[rsa.RSAPublicKey, ...] = ()
    consented: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    version: Literal["1.0", "2.0"] = "2.0"
    signs_people_in: bool = False

    @property
    def principal(self) -> str:
        """The object id that it has in the tenant, as which its own tokens name it."""
        return str(uuid5(NAMESPACE_OID, self.client_id))

    @property
    def uri(self) -> str:
        return f"api://{self.client_id}"


@dataclass(slots=True)
class Directory:
    """One tenant, or several with the same apps. `lifetime_seconds`: of the tokens that Entra issues.

    `person` is who signs in, called `user_name`.
    """

    apps: dict[str, App]
    tenant_ids: tuple[str, ...] = (SAMPLE_TENANT,)
    person: str = SAMPLE_PERSON
    user_name: str = "robin@contoso.example"
    lifetime_seconds: float = 3600

    @classmethod
    def sample(cls, permissions: Iterable[str]) -> "Directory":
        """The gateway, with everything consented to; an app that people sign in with; two with a role each."""
        every = frozenset(permissions)
        gateway = App(
            GATEWAY_APP,
            secret=secrets.token_urlsafe(24),
            consented=every,
            scopes=frozenset({"access_as_user"}),
            signs_people_in=True,
        )
        people = App(SAMPLE_APP, consented=every, signs_people_in=True)
        reader, writer = (
            App(client_id, secret=secrets.token_urlsafe(24), roles=frozenset({role}))
            for client_id, role in ((READER_APP, "Gateway.Read"), (WRITER_APP, "Gateway.Write"))
        )
        return cls({each.client_id: each for each in (gateway, people, reader, writer)})

    def register(self, app: App) -> None:
        """Adds the app, or replaces the one with its id."""
        self.apps[app.client_id] = app

    def app_of(self, resource: str) -> App | None:
        """The app that a resource of a scope stands for."""
        by_uri: Mapping[str, App] = {each.uri: each for each in self.apps.values()}
        return by_uri.get(resource) or self.apps.get(resource)
