"""The emulated service: a call below a version of Microsoft Graph → the reply, every refusal included.

Paths: `/{version}/$metadata` and `/{version}/tenantRelationships/managedTenants/{set}`, then `/{key}` or `/$count`.
https://learn.microsoft.com/graph/use-the-api
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gateway.emulator.access import Claims, authorize
from gateway.emulator.bodies import ODATA_TYPE, on_create, on_update, read_members
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
from gateway.emulator.options import (
    ON_COUNT,
    ON_ITEM,
    ON_LIST,
    Options,
    arrange,
    cut_page,
    next_link,
    read_options,
    shorten,
)
from gateway.emulator.store import Entity, Store
from gateway.emulator.tokens import TokenIssuer
from gateway.resources.spec import ROOT_PATH, Operation, ResourceSpec

VERSIONS: Final = ("v1.0", "beta")
ROOT: Final = ROOT_PATH.strip("/").split("/")

ON_COLLECTION: Final = {"GET": Operation.LIST, "POST": Operation.CREATE}
ON_ENTITY: Final = {"GET": Operation.GET, "PATCH": Operation.UPDATE, "DELETE": Operation.DELETE}

STAMPS_ON_CREATE: Final = ("createdDateTime", "createdByUserId", "lastActionDateTime", "lastActionByUserId")
STAMPS_ON_UPDATE: Final = ("lastActionDateTime", "lastActionByUserId")
"""Properties that the service itself writes, where a type declares them."""


@dataclass(frozen=True, slots=True)
class Work:
    """An operation that the caller may have done. `key` is empty for those on the collection."""

    call: Call
    spec: ResourceSpec
    key: str
    claims: Claims


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
        self._specs = {spec.entity_set: spec for spec in catalog}
        self._store = store
        self._issuer = issuer
        self._strict = strict
        self._namespace_versions = namespace_versions
        self._page_size = page_size
        self._silent_updates = silent_updates
        self._handlers: Mapping[Operation, Callable[[Work], Reply]] = {
            Operation.LIST: self._list,
            Operation.GET: self._get,
            Operation.CREATE: self._create,
            Operation.UPDATE: self._update,
            Operation.DELETE: self._delete,
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
        match self._below_root(version, segments):
            case [name]:
                return self._operate(call, ON_COLLECTION, self._specs[name], key="")
            case [name, "$count"]:
                return self._count(call, self._specs[name])
            case [name, key]:
                return self._operate(call, ON_ENTITY, self._specs[name], key=key)
            case [_, _, unknown, *_]:
                raise _no_segment(unknown)
            case _:
                raise _no_segment(ROOT[-1])

    def _below_root(self, version: str, segments: list[str]) -> list[str]:
        """The segments from the entity set on; refuses with the name of the first one that does not exist."""
        known = ROOT if version in self._namespace_versions else ROOT[:1]
        for index, segment in enumerate(segments[: len(ROOT)]):
            if segment not in known[index : index + 1]:
                raise _no_segment(segment)
        below = segments[len(ROOT) :]
        if below and below[0] not in self._specs:
            raise _no_segment(below[0])
        return below

    def _operate(self, call: Call, operations: Mapping[str, Operation], spec: ResourceSpec, *, key: str) -> Reply:
        offered = {method: each for method, each in operations.items() if each in spec.operations}
        if call.method not in offered:
            raise no_method(offered)
        operation = offered[call.method]
        claims = authorize(call, spec.permissions[operation], self._issuer)
        if self._strict:
            _check_accept(call)
        return self._handlers[operation](Work(call, spec, key, claims))

    def _metadata(self, call: Call, version: str) -> Reply:
        if call.method != "GET":
            raise no_method(["GET"])
        csdl = to_csdl(self._specs.values() if version in self._namespace_versions else ())
        return to_reply(call, 200, csdl, headers={"content-type": "application/xml", "odata-version": "4.0"})

    def _count(self, call: Call, spec: ResourceSpec) -> Reply:
        if call.method != "GET":
            raise no_method(["GET"])
        authorize(call, spec.permissions[Operation.LIST], self._issuer)
        rows = arrange(self._store.all(spec.entity_set), read_options(call, spec, ON_COUNT))
        known = {"content-type": "text/plain", "odata-version": "4.0"}
        return to_reply(call, 200, str(len(rows)).encode(), headers=known)

    def _list(self, work: Work) -> Reply:
        options = read_options(work.call, work.spec, ON_LIST)
        rows = arrange(self._store.all(work.spec.entity_set), options)
        page, following = cut_page(rows, options, self._page_size)
        content: dict[str, Json] = {"@odata.context": _context(work, options)}
        if options.count:
            content["@odata.count"] = len(rows)
        if following is not None:
            content["@odata.nextLink"] = next_link(work.call, following)
        content["value"] = [{ODATA_TYPE: work.spec.odata_type, **shorten(row, options)} for row in page]
        return to_json_reply(work.call, 200, content)

    def _get(self, work: Work) -> Reply:
        options = read_options(work.call, work.spec, ON_ITEM)
        return to_json_reply(work.call, 200, _entity(work, self._find(work), options))

    def _create(self, work: Work) -> Reply:
        members = read_members(work.call, work.spec, on_create, strict=self._strict)
        try:
            entity = self._store.add(work.spec.entity_set, members | _stamps(work, STAMPS_ON_CREATE))
        except KeyError:
            raise RefusalError(409, "Conflict", "Another object with the same key already exists.") from None
        key = quote(entity[work.spec.key.name], safe="")
        return to_json_reply(work.call, 201, _entity(work, entity), headers={"location": f"{work.call.url()}/{key}"})

    def _update(self, work: Work) -> Reply:
        self._find(work)
        members = read_members(work.call, work.spec, on_update, strict=self._strict)
        entity = self._store.change(work.spec.entity_set, work.key, members | _stamps(work, STAMPS_ON_UPDATE))
        if work.spec.entity_set in self._silent_updates:
            return to_reply(work.call, 204)
        return to_json_reply(work.call, 200, _entity(work, entity))

    def _delete(self, work: Work) -> Reply:
        self._find(work)
        self._store.remove(work.spec.entity_set, work.key)
        return to_reply(work.call, 204)

    def _find(self, work: Work) -> Entity:
        entity = self._store.find(work.spec.entity_set, work.key)
        if entity is None:
            raise RefusalError(404, "ResourceNotFound", f"Resource '{work.key}' does not exist.")
        return entity


def _no_segment(segment: str) -> RefusalError:
    return bad_request(f"Resource not found for the segment '{segment}'.")


def _check_accept(call: Call) -> None:
    """Without the header anything is accepted. What a client prefers is not weighed: there is JSON only."""
    accepted = [each.partition(";")[0].strip().lower() for each in call.headers.get("accept", "*/*").split(",")]
    if {"*/*", "application/*", "application/json"}.isdisjoint(accepted):
        raise RefusalError(
            406,
            "NotAcceptable",
            "A supported MIME type could not be found that matches the acceptable MIME types for the request.",
        )


def _entity(work: Work, entity: Entity, options: Options | None = None) -> dict[str, Json]:
    """The JSON of a single entity.

    https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_Entity
    """
    shown = shorten(entity, options) if options else entity
    return {"@odata.context": f"{_context(work, options)}/$entity", ODATA_TYPE: work.spec.odata_type, **shown}


def _context(work: Work, options: Options | None) -> str:
    select = f"({','.join(options.select)})" if options and options.select else ""
    version = work.call.segments[0]
    return f"{work.call.origin}/{version}/$metadata#{work.spec.path.removeprefix('/')}{select}"


def _stamps(work: Work, names: Iterable[str]) -> dict[str, Json]:
    declared = {each.name for each in work.spec.properties}
    now, user = to_text(work.call.received_at), work.claims.get("oid")
    return {name: now if name.endswith("DateTime") else user for name in names if name in declared}
