"""GraphQL over HTTP: an HTTP request becomes params, caller, document, result, HTTP response, in the order of the page.

https://graphql.github.io/graphql-over-http/draft/
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from graphql import ExecutionResult, OperationDefinitionNode, OperationType
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.admission import Admission
from gateway.auth.bearer import Authenticator, Caller, refuse_writes
from gateway.auth.exchange import Exchange
from gateway.budgets import Budgets
from gateway.clock import Clock, Deadline
from gateway.cursors import CursorSealer
from gateway.documents import Document, Documents, Prepared
from gateway.errors import (
    BadRequestError,
    BadUserInputError,
    MethodNotAllowedError,
    MutationOverGetError,
    PersistedQueryNotSupportedError,
)
from gateway.execution.executor import Executor
from gateway.graph.client import Errand
from gateway.graph.loader import Loader
from gateway.idempotency import Claimant, Ledger
from gateway.ids import new_id
from gateway.limits import Limits, check_variables
from gateway.page import Page
from gateway.params import HttpRequest, Params, read_params
from gateway.presence import CallerGoneError, Presence
from gateway.responses import JSON, compressed, to_failure, to_media_type, to_response
from gateway.schema.context import Context
from gateway.schema.creates import check_key
from gateway.telemetry import Operation, Telemetry
from gateway.trusted import TrustedDocuments

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
UNPROVEN: Final = "unproven"
"""In a tenant's place for callers whose tokens neither this gateway nor Graph has taken yet."""

DOCUMENT: Final = re.compile(rb"(^|&)(query|documentId|extensions)=")

MILLISECONDS: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The ASGI application at `/graphql`."""

    documents: Documents
    trusted: TrustedDocuments | None
    executor: Executor
    limits: Limits
    authenticator: Authenticator
    exchange: Exchange
    open_loader: Callable[[Errand], Loader]
    admission: Admission
    budgets: Budgets
    ledger: Ledger | None
    count_creates: Callable[[Document, OperationDefinitionNode], int]
    cursors: CursorSealer
    telemetry: Telemetry
    clock: Clock
    page: Page | None
    deadline_seconds: float
    max_body_bytes: int
    max_bulk_items: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest.of(scope, receive)
        try:
            response = self.page.document() if self.page and _wants_page(request) else await self._answer(request)
        except CallerGoneError:
            return
        await compressed(response, request.headers.get("accept-encoding", ""))(scope, receive, send)

    async def _answer(self, request: HttpRequest) -> Response:
        """The response to a GraphQL request; every failure becomes one."""
        given_id = request.headers.get("x-request-id", "")
        request_id = given_id if REQUEST_ID.fullmatch(given_id) else new_id()
        media_type = JSON
        with self.telemetry.operation(request_id, request.headers) as operation:
            try:
                media_type = to_media_type(request.headers.get("accept"))
                return to_response(await self._run(request, operation), operation, media_type)
            except Exception as failure:  # noqa: BLE001 - whatever is not meant for the caller is masked and logged
                return to_failure(failure, operation, media_type)

    async def _run(self, request: HttpRequest, operation: Operation) -> ExecutionResult:
        if request.method not in {"GET", "POST"}:
            raise MethodNotAllowedError("Send GraphQL requests with POST, or queries with GET.")
        deadline = self._deadline(request)
        caller = await self._authenticate(request, operation, deadline)
        with Presence(request.receive, deadline) as presence:
            params = await read_params(request, max_body_bytes=self.max_body_bytes)
            presence.is_read = True
            prepared = self._prepare(params, operation)
            definition = prepared.document.operation(params.operation_name)
            operation.name = definition.name.value if definition.name else None
            operation.kind = definition.operation.value
            if request.method == "GET" and definition.operation is not OperationType.QUERY:
                raise MutationOverGetError("A mutation must be sent with POST.")
            if definition.operation is OperationType.MUTATION:
                refuse_writes(caller)
            check_variables(params.variables, self.limits)
            claimant = Claimant(caller, self._header_key(request, prepared.document, definition))
            # What nobody has verified yet says nothing of whose it is: all of that waits as one.
            tenant = (caller.tenant_id or "") if self.budgets.is_known(caller) else UNPROVEN
            await self.admission.enter(tenant, deadline)
            leave = partial(self.admission.leave, tenant)
            try:
                loader = self.open_loader(await self._errand(caller, operation, deadline))
            except BaseException:
                leave()
                raise
            try:
                return await self._execute(prepared, operation.name, params, loader, claimant)
            finally:
                loader.close()
                loader.after_writes(leave)

    def _deadline(self, request: HttpRequest) -> Deadline:
        """The operation's deadline; `X-Deadline-Ms`, milliseconds from now, can only bring it nearer."""
        given = request.headers.get("x-deadline-ms")
        if given is None:
            return Deadline.after(self.clock, self.deadline_seconds)
        if not MILLISECONDS.fullmatch(given):
            raise BadRequestError("`X-Deadline-Ms` must be a whole number of milliseconds from 1 on.")
        return Deadline.after(self.clock, min(self.deadline_seconds, int(given) / 1000))

    async def _authenticate(self, request: HttpRequest, operation: Operation, deadline: Deadline) -> Caller:
        caller = await self.authenticator.authenticate(request.headers.get("authorization"), deadline)
        operation.tid, operation.oid, operation.appid = caller.tenant_id, caller.object_id, caller.app_id
        operation.verified = caller.verified
        return caller

    def _prepare(self, params: Params, operation: Operation) -> Prepared:
        document = None
        if self.trusted is not None:
            operation.trusted = False
            document = self.trusted.find(params.query, params.document_id)
            operation.trusted = document is not None
        if document is not None:
            return Prepared.of(document)
        if params.query is None:
            raise PersistedQueryNotSupportedError("This gateway has no trusted documents: send the document.")
        return self.documents.prepare(params.query)

    async def _errand(self, caller: Caller, operation: Operation, deadline: Deadline) -> Errand:
        """The right to call Graph for the caller. The token is asked for now, so that a refusal ends the request."""

        async def token(claims: str | None) -> str:
            with self.telemetry.exchange():
                found = await self.exchange.access_token(caller, claims, deadline)
            operation.account = found.account
            return found.text

        await token(None)
        return Errand(token, deadline, operation, self.budgets.of(caller), self.exchange.give_up)

    def _header_key(self, request: HttpRequest, document: Document, definition: OperationDefinitionNode) -> str | None:
        """The key of the header `Idempotency-Key`. Queries may have one: some clients send it with everything."""
        given = request.headers.get("idempotency-key")
        if given is None or definition.operation is OperationType.QUERY:
            return None
        count = self.count_creates(document, definition)
        if count != 1:
            raise BadUserInputError(
                f"The header `Idempotency-Key` is for an operation with exactly one create; this one has {count}.",
                hint="Give each create an `idempotencyKey` argument of its own.",
            )
        key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
        check_key(key, "The header `Idempotency-Key`")
        return key

    async def _execute(
        self, prepared: Prepared, name: str | None, params: Params, loader: Loader, claimant: Claimant
    ) -> ExecutionResult:
        context = Context(loader, self.cursors, self.max_bulk_items, self.ledger, claimant)
        result = await self.executor.run(prepared, name, params.variables, context)
        if context.replayed:
            result.extensions = {"replayed": list(context.replayed)}
        return result


def _wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for something to look at: it names HTML, which no GraphQL client does."""
    return (
        request.method == "GET"
        and not DOCUMENT.search(request.query)
        and "text/html" in request.headers.get("accept", "")
    )
