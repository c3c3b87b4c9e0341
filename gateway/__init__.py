"""A GraphQL gateway in front of Microsoft Graph's managedTenants API.

The tour of one request, in the order of the files:

- `app`: middleware (hosts, CORS), then the short way to the endpoint
- `endpoint`: method and media type; each of the next stops is a line of its `_run`
- `auth.bearer`: `Authorization` header → `Caller`
- `presence`: ends a request whose body is late, or whose caller hangs up
- `params`: body or URL → document text or id, operation name, variables
- `documents`: text → parsed, within `limits`, validated; kept, with `literals` lifted out; or one of the `trusted`
- `auth.exchange`: `Caller` → access token for Microsoft Graph; of one account for all in `auth.service_account`
- `execution.executor`: by a compiled plan where there is one, else by graphql-core
- `schema.resolvers`: one generic resolver an operation, over the specs of `resources`; `schema.joins` leads on
- `mapping`: arguments and selected names → `GraphRequest`
- `graph.loader`: the one way upstream: equal reads once, together (`gather`), capped, writes shielded
- `graph.client`: token, headers, claims challenge; `retry` around `aiohttp_transport`
- `graph.answer`: Graph's answer → JSON, read by field name, or an error of `errors`
- `responses`: result and errors → HTTP response
- `telemetry`: one log line, spans and metrics of it all
"""

__version__ = "0.1.0"
