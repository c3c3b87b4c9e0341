"""The emulator as one object: everything is made and tied together here."""

from collections.abc import Collection, Iterable, Iterator

from starlette.routing import Router

from gateway.emulator.batch import Batches
from gateway.emulator.clock import Clock, SystemClock
from gateway.emulator.control import control_routes
from gateway.emulator.directory import Directory
from gateway.emulator.entra import Entra
from gateway.emulator.fault_rules import FaultRules
from gateway.emulator.graph import Graph
from gateway.emulator.journal import Journal
from gateway.emulator.paths import VERSIONS
from gateway.emulator.service import ManagedTenants
from gateway.emulator.store import Store
from gateway.emulator.tokens import TokenIssuer
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import ResourceSpec


class Emulator:
    """Microsoft Graph's `managedTenants` and Microsoft Entra in memory; `graph` and `entra` are ASGI applications.

    `strict` refuses request bodies that the declarations do not foresee, and headers that do not let JSON through.
    `namespace_versions` are the versions that have the namespace: the public service has it in beta only. `page_size`
    is the most that a page holds. `silent_updates` are the entity sets whose PATCH is answered by 204 without the
    entity.
    """

    def __init__(
        self,
        catalog: Iterable[ResourceSpec] = CATALOG,
        *,
        issuer: TokenIssuer | None = None,
        clock: Clock | None = None,
        strict: bool = True,
        namespace_versions: Collection[str] = VERSIONS,
        page_size: int = 100,
        silent_updates: Collection[str] = ("cloudPcConnections",),
    ) -> None:
        specs = tuple(catalog)
        clock = clock or SystemClock()
        self.issuer = issuer or TokenIssuer()
        self.store = Store(specs)
        self.faults = FaultRules(clock)
        self.journal = Journal()
        service = ManagedTenants(
            specs,
            self.store,
            self.issuer,
            strict=strict,
            namespace_versions=namespace_versions,
            page_size=page_size,
            silent_updates=silent_updates,
        )
        # A bare router: Starlette's own application would answer 500 before it lets a dropped connection through.
        self.entra_faults = FaultRules(clock)
        self.entra_journal = Journal()
        self.directory = Directory.sample(_permissions(specs))
        entra = Entra(self.issuer, self.directory)
        self.refresh_tokens = entra.refresh_tokens
        self.entra = Graph(entra.answer, self.entra_faults, self.entra_journal, clock)
        self.graph = Router(
            [control_routes(self.journal, self.faults, self.reset, self.refresh_tokens.revoke)],
            default=Graph(service.answer, self.faults, self.journal, clock, batches=Batches(self.issuer)),
        )

    def reset(self) -> None:
        """The sample again, no faults, empty journals. Apps and keys stay: tokens are out that rest on them."""
        self.store.reset()
        self.faults.clear()
        self.journal.clear()
        self.entra_faults.clear()
        self.entra_journal.clear()


def _permissions(specs: Iterable[ResourceSpec]) -> Iterator[str]:
    """All that the catalogue names."""
    for spec in specs:
        for permission in (*spec.permissions.values(), *(action.permission for action in spec.actions)):
            if permission is not None:
                yield permission
