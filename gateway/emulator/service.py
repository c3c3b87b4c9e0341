"""The emulated service: a call below a version of Microsoft Graph → the reply, every refusal included.

Paths: `/{version}/$metadata` and those of `paths.py` below `/{version}/tenantRelationships/managedTenants`.
https://learn.microsoft.com/graph/use-the-api
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gateway.emulator.access import Claims, authorize
from gateway.emulator.actions import EFFECTS, Act
from gateway.emulator.answers import complex_content, entities_content, entity_content, page_content
from gateway.emulator.bodies import on_create, on_update, read_members, read_parameters
from gateway.emulator.instants import to_text
from gateway.emulator.messages import (
    Call,
    Json,
    RefusalError,
    Reply,
    bad_request,
    no_method,
    to_json_reply,
    to_refusal,
    to_reply,
)
from gateway.emulator.metadata import to_csdl
from gateway.emulator.navigation import row_at, rows_at, within_of
from gateway.emulator.options import ON_COUNT, ON_ITEM, ON_LIST, arrange, read_options
from gateway.emulator.paths import VERSIONS, Address, Kind, Paths
from gateway.emulator.store import ROOT, Store
from gateway.emulator.tokens import TokenIssuer
from gateway.resources.spec import READS, ActionSpec, ComplexSpec, Operation, ResourceSpec

OPERATIONS: Final[Mapping[Kind, Mapping[str, Operation]]] = {
    Kind.SET: {"GET": Operation.LIST, "POST": Operation.CREATE},
    Kind.COUNT: {"GET": Operation.LIST},
    Kind.ENTITY: {"GET": Operation.GET, "PATCH": Operation.UPDATE, "DELETE": Operation.DELETE},
}

STAMPS_ON_CREATE: Final = ("createdDateTime", "createdByUserId", "lastActionDateTime", "lastActionByUserId")
STAMPS_ON_UPDATE: Final = ("lastActionDateTime", "lastActionByUserId")
"""Properties that the service itself writes, where a type declares them and the client does not."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the caller may have done, and where."""

    call: Call
    address: Address
    claims: Claims

    @property
    def spec(self) -> ResourceSpec:
        return self.address.spec

    @property
    def user(self) -> Json:
        """The caller's Entra id, which every token of Entra's own has."""
        return self.claims.get("oid")

    @property
    def now(self) -> str:
        return to_text(self.call.received_at)


class ManagedTenants:
    """One service over one store.

    `namespace_versions`: where the namespace exists. `silent_updates`: entity sets whose PATCH is answered by 204.
    """

    def __init__(
        self,
        catalog: Iterable[ResourceSpec],
        store: Store,
        issuer: TokenIssuer,
        *,
        strict: bool,
        namespace_versions: Collection[str],
        page_size: int,
        silent_updates: Collection[str],
    ) -> None:
        self._specs = tuple(catalog)
        self._paths = Paths(self._specs, namespace_versions)
        self._store = store
        self._issuer = issuer
        self._strict = strict
        self._namespace_versions = namespace_versions
        self._page_size = page_size
        self._silent_updates = silent_updates
        self._handlers: Mapping[tuple[Kind, str], Callable[[Work], Reply]] = {
            (Kind.SET, "GET"): self._list,
            (Kind.SET, "POST"): self._create,
            (Kind.COUNT, "GET"): self._count,
            (Kind.ENTITY, "GET"): self._get,
            (Kind.ENTITY, "PATCH"): self._update,
            (Kind.ENTITY, "DELETE"): self._delete,
            (Kind.ACTION, "POST"): self._act,
        }

    def answer(self, call: Call) -> Reply:
        try:
            return self._route(call)
        except RefusalError as refusal:
            return to_refusal(call, refusal)

    def _route(self, call: Call) -> Reply:
        version, *segments = call.segments
        if version not in VERSIONS:
            raise bad_request(f"Invalid version: {version}")
        if segments == ["$metadata"]:
            return self._metadata(call, version)
        address = self._paths.resolve(version, segments)
        permissions = _permissions(address)
        if call.method not in permissions:
            raise no_method(permissions)
        claims = authorize(call, permissions[call.method], self._issuer)
        if self._strict and address.kind is not Kind.COUNT:
            _check_accept(call)
        return self._handlers[address.kind, call.method](Work(call, address, claims))

    def _metadata(self, call: Call, version: str) -> Reply:
        if call.method != "GET":
            raise no_method(["GET"])
        csdl = to_csdl(self._specs if version in self._namespace_versions else ())
        return to_reply(call, 200, csdl, headers={"content-type": "application/xml", "odata-version": "4.0"})

    def _list(self, work: Work) -> Reply:
        options = read_options(work.call, work.spec, ON_LIST)
        rows = arrange(rows_at(self._store, work.address), options)
        return to_json_reply(work.call, 200, page_content(work.call, work.address, rows, options, self._page_size))

    def _count(self, work: Work) -> Reply:
        options = read_options(work.call, work.spec, ON_COUNT)
        entities = work.address.above
        assert entities is not None
        rows = arrange(rows_at(self._store, entities), options)
        known = {"content-type": "text/plain", "odata-version": "4.0"}
        return to_reply(work.call, 200, str(len(rows)).encode(), headers=known)

    def _get(self, work: Work) -> Reply:
        options = read_options(work.call, work.spec, ON_ITEM)
        row = row_at(self._store, work.address)
        return to_json_reply(work.call, 200, entity_content(work.call, work.address, row, options))

    def _create(self, work: Work) -> Reply:
        within = within_of(self._store, work.address)
        members = read_members(work.call, work.spec, on_create, strict=self._strict)
        try:
            row = self._store.add(work.spec.entity_set, _stamps(work, STAMPS_ON_CREATE) | members, within)
        except KeyError:
            raise RefusalError(409, "Conflict", "Another object with the same key already exists.") from None
        location = f"{work.call.url()}/{quote(row[work.spec.key.name], safe='')}"
        content = entity_content(work.call, work.address, row)
        return to_json_reply(work.call, 201, content, headers={"location": location})

    def _update(self, work: Work) -> Reply:
        within = self._within(work.address)
        members = read_members(work.call, work.spec, on_update, strict=self._strict)
        changes = _stamps(work, STAMPS_ON_UPDATE) | members
        row = self._store.change(work.spec.entity_set, work.address.segment, changes, within)
        if work.spec.entity_set in self._silent_updates:
            return to_reply(work.call, 204)
        return to_json_reply(work.call, 200, entity_content(work.call, work.address, row))

    def _delete(self, work: Work) -> Reply:
        within = self._within(work.address)
        self._store.remove(work.spec.entity_set, work.address.segment, within)
        return to_reply(work.call, 204)

    def _within(self, entity: Address) -> str:
        """The key of the entity that the set of this one is within; both are there."""
        row_at(self._store, entity)
        assert entity.above is not None
        return within_of(self._store, entity.above)

    def _act(self, work: Work) -> Reply:
        action, target = work.address.action, work.address.above
        assert action is not None
        assert target is not None
        effect = EFFECTS.get((work.spec.entity_set, action.wire_name))
        if effect is None:
            raise RefusalError(501, "NotImplemented", f"The emulator does not play the action '{action.wire_name}'.")
        key, within = "", ROOT
        if target.kind is Kind.ENTITY:
            key, within = row_at(self._store, target)[work.spec.key.name], self._within(target)
        given = read_parameters(work.call, action, strict=self._strict)
        result = effect(Act(self._store, work.spec, key, within, given, work.user, work.now))
        return to_json_reply(work.call, 200, _result_content(work.call, target, action, result))


def _result_content(call: Call, target: Address, action: ActionSpec, result: Json) -> Json:
    """Entities that an action returns are of the type that it is bound to."""
    if isinstance(action.returns, ComplexSpec):
        return complex_content(call, action.returns, result)
    if action.returns_list:
        return entities_content(call, target.spec, result)
    return entity_content(call, target, result)


def _permissions(address: Address) -> dict[str, str | None]:
    """Each method that is offered at the address, and the permission that it takes. Along a link one can only read."""
    if address.action:
        return {"POST": address.action.permission}
    spec = address.spec
    is_linked = address.link or (address.above and address.above.kind is Kind.SET and address.above.link)
    return {
        method: spec.permissions[operation]
        for method, operation in OPERATIONS[address.kind].items()
        if (operation in READS if is_linked else operation in spec.operations)
    }


def _check_accept(call: Call) -> None:
    """Without the header anything is accepted. What a client prefers is not weighed: there is JSON only."""
    accepted = [each.partition(";")[0].strip().lower() for each in call.headers.get("accept", "*/*").split(",")]
    if {"*/*", "application/*", "application/json"}.isdisjoint(accepted):
        raise RefusalError(
            406,
            "NotAcceptable",
            "A supported MIME type could not be found that matches the acceptable MIME types for the request.",
        )


def _stamps(work: Work, names: Iterable[str]) -> dict[str, Json]:
    declared = [name for name in names if work.spec.has_property(name)]
    return {name: work.now if name.endswith("DateTime") else work.user for name in declared}
