"""Seed and number → an HTTP request: a document or none, variables, headers, a body as it should be or not."""

import base64
import gzip
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from random import Random
from typing import Final
from urllib.parse import quote, urlencode

from graphql import GraphQLSchema

from tests.execution.documents import Writer
from tests.fuzz.documents import EXOTIC, STRINGS, Grammar, Names, damaged
from tests.fuzz.variables import VALUES, variables_text

PATH: Final = "/graphql"
JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
CHUNKED: Final = ("transfer-encoding", "chunked")

Headers = tuple[tuple[str, str], ...]

ACCEPTS: Final = (
    *("*/*", JSON, GRAPHQL_RESPONSE, f"{JSON};q=0", f"{GRAPHQL_RESPONSE};q=0.5, {JSON}", "text/html", "image/*"),
    *("", ",", ";;;", "q=1", "application/*;q=0.1", f"{JSON};q=NaN", f"{JSON};q=1e9", "*", "a/b/c", "é", "x," * 500),
)
CONTENT_TYPES: Final = (
    *(f"{JSON}; charset=utf-8", f"{JSON}; charset=utf-16", f'{JSON};charset="UTF-8"', f"{JSON};", f"{JSON}; charset"),
    *("application/graphql", "text/plain", "multipart/form-data; boundary=a", "application/x-www-form-urlencoded"),
    *("", ";", "é", "application/JSON", "application/json, application/json", "a" * 5000),
)
METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
AUTHORIZATIONS: Final = ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer é", "Bearer " + "a" * 40_000)
JWTS: Final = ("{}", "[]", "null", '{"exp": "x"}', '{"exp": 1e400}', '{"aud": {}}', '{"tid": []}', '{"exp": NaN}', "{")
ODD_HEADERS: Final[Headers] = (
    *(
        (("x-deadline-ms"), each)
        for each in ("0", "-1", "1", "5", "abc", "1e3", "9" * 30, "", "٣".encode().decode("latin-1"))
    ),
    *(("x-request-id", each) for each in ("", "a b", "é", "x" * 5000, "r-1", "{}", "%0a", "<script>")),
    *(("content-encoding", each) for each in ("gzip", "br", "deflate", "identity", "gzip, gzip", "", "GZIP")),
    *(("accept-encoding", each) for each in ("gzip", "gzip;q=0", "*", "br", "gzip;q=x", ";", "é")),
    *(("traceparent", each) for each in ("", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "é", "00-a-b-c")),
    *(("tracestate", each) for each in ("a=b", "=", "é", ",".join(f"a{number}=b" for number in range(40)))),
    *(("origin", "null"), ("cookie", "a=b; c"), ("host", "elsewhere.example"), ("host", ""), ("baggage", "a=b,=,")),
    *(("expect", "100-continue"), ("connection", "close"), ("x-http-method-override", "PUT"), CHUNKED),
    *(("apollo-require-preflight", "true"), ("forwarded", "for=a"), ("range", "bytes=0-1"), ("if-none-match", "*")),
)
BODIES: Final = (
    *(b"", b" ", b"null", b"[]", b"3", b'"a"', b"{", b"{}", b"{ __typename }", b"query={__typename}", b"\xff\xfe{\x00"),
    *(b'{"query": "{ __typename }"', b'{"query": "{ __typename }"} x', b'[{"query": "{ __typename }"}]', b"\x00" * 64),
    *(b'{"query": null}', b'{"query": 3}', b'{"query": ""}', b'{"query": ["a"]}', b'{"query": "a", "query": "b"}'),
    *(
        b'{"query": "\\ud800"}',
        b'{"query": "\xc3("}',
        b'{"query": NaN}',
        b"[" * 5000,
        b'{"query":' * 2000,
        b"\xef\xbb\xbf{}",
    ),
    *(b'{"documentId": "sha256:a"}', b'{"documentId": 3}', b'{"extensions": {"persistedQuery": 1}}', b"x" * 1_000_001),
    *('{"query": "{ __typename }"}'.encode(each) for each in ("utf-16", "utf-32", "utf-8-sig", "utf-7")),
    *(b'{"query": "{ __typename }", "extensions": ' + each + b"}" for each in (b"[]", b"3", b'{"persistedQuery": {}}')),
    *(b'{"query": "{ __typename }", "operationName": ' + each + b"}" for each in (b"[]", b"3", b'""', b'"A"', b"null")),
    b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}}',
    gzip.compress(b'{"query": "{ __typename }"}', mtime=0),
    gzip.compress(b'{"query": "{ __typename }"}', mtime=0)[:-4],
    gzip.compress(b" " * 5_000_000, mtime=0),
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    content: bytes

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes

    def send(self, connection: HTTPConnection) -> Answer:
        """What came back; raises `OSError` or `HTTPException` if nothing did."""
        names = {name for name, _ in self.headers}
        connection.putrequest(self.method, self.target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in self.headers:
            connection.putheader(name, value.encode("latin-1", "replace"))
        if CHUNKED in self.headers:
            connection.endheaders([self.body[:7], self.body[7:]], encode_chunked=True)
        else:
            if self.method != "GET" or self.body:
                connection.putheader("content-length", str(len(self.body)))
            connection.endheaders(self.body or None)
        response: HTTPResponse = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(response.status, headers, response.read())

    def curl(self, url: str, token: str) -> str:
        """The line for a shell that repeats it; the token is in the variable TOKEN."""
        words = ["curl", "-si", "-X", self.method, url.removesuffix(PATH) + self.target]
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
        line = shlex.join(words)
        if "'" not in token:
            line = line.replace(token, "'\"$TOKEN\"'")
        if not self.body:
            return line
        try:
            text = self.body.decode()
        except UnicodeDecodeError:
            text = ""
        if text.isprintable() and text and len(text) < 100_000:
            return f"{line} --data-binary {shlex.quote(text)}"
        return f"echo {base64.b64encode(self.body).decode()} | base64 -d | {line} --data-binary @-"


@dataclass(frozen=True)
class Maker:
    """Makes requests over one schema, for one token."""

    schema: GraphQLSchema
    names: Names
    token: str

    @classmethod
    def of(cls, schema: GraphQLSchema, token: str) -> "Maker":
        return cls(schema, Names.of(schema), token)

    def make(self, seed: int, number: int) -> Request:
        """The request of that number; the two alone say what it is."""
        rng = Random(f"{seed}:{number}")
        return rng.choice(WAYS)(self, rng)

    def valid(self, rng: Random) -> Request:
        text, variables = Writer(self.schema, rng).write()
        return self._post(rng, {"query": json.dumps(text), "variables": json.dumps(variables)})

    def damaged(self, rng: Random) -> Request:
        text, variables = Writer(self.schema, rng).write()
        damage = damaged(text, Grammar(self.names, rng))
        return self._post(rng, {"query": json.dumps(damage), "variables": json.dumps(variables)})

    def grammatical(self, rng: Random) -> Request:
        grammar = Grammar(self.names, rng)
        text = rng.choice((grammar.document, grammar.document, grammar.soup, lambda: rng.choice(EXOTIC)))()
        members = {"query": json.dumps(text), "variables": variables_text("abc", {}, rng)}
        if rng.random() < 0.2:
            members["operationName"] = rng.choice(('"A"', '"B"', '""', "null", "[]", "3", rng.choice(VALUES)))
        return self._post(rng, members)

    def odd_variables(self, rng: Random) -> Request:
        writer = Writer(self.schema, rng)
        text, variables = writer.write()
        names = [each[1:].partition(":")[0] for each in writer.declared]
        return self._post(rng, {"query": json.dumps(text), "variables": variables_text(names, variables, rng)})

    def no_json(self, rng: Random) -> Request:
        body = bytearray(rng.choice(BODIES))
        for _ in range(rng.choice((0, 0, 1, 4))):
            if body:
                body[rng.randrange(len(body))] = rng.randrange(256)
        return Request("POST", PATH, self._headers(rng), bytes(body))

    def over_get(self, rng: Random) -> Request:
        text, variables = Writer(self.schema, rng).write()
        if rng.random() < 0.5:
            text = damaged(text, Grammar(self.names, rng))
        given = {"query": text, "variables": json.dumps(variables)} | dict(
            rng.sample(
                [("operationName", "A"), ("variables", rng.choice(VALUES)), ("extensions", "["), ("a", "b")], k=1
            )
        )
        query = urlencode(given, errors="surrogatepass")
        target = f"{PATH}?{query}"[: rng.choice((20_000, 20_000, 200))]
        ends = ("", "&query=%", "&query=%ff%fe", "&query", "&&&=", f"&query={quote(rng.choice(STRINGS))}")
        return Request(
            rng.choice(METHODS) if rng.random() < 0.1 else "GET", target + rng.choice(ends), self._headers(rng), b""
        )

    def _post(self, rng: Random, members: dict[str, str]) -> Request:
        body = "{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}"
        method = rng.choice(METHODS) if rng.random() < 0.02 else "POST"
        headers = self._headers(rng)
        content = body.encode(errors="surrogatepass")
        return Request(
            method, PATH, headers, gzip.compress(content, 1, mtime=0) if _is_packed(headers, rng) else content
        )

    def _headers(self, rng: Random) -> Headers:
        accept = rng.choice(ACCEPTS) if rng.random() < 0.1 else rng.choice((JSON, GRAPHQL_RESPONSE))
        content_type = rng.choice(CONTENT_TYPES) if rng.random() < 0.04 else JSON
        bearer = self._authorization(rng) if rng.random() < 0.04 else f"Bearer {self.token}"
        headers = [("accept", accept), ("content-type", content_type), ("authorization", bearer)]
        if rng.random() < 0.04:
            headers.remove(rng.choice(headers))
        if rng.random() < 0.25:
            headers += rng.sample(ODD_HEADERS, k=rng.choice((1, 1, 3)))
        return tuple(headers)

    def _authorization(self, rng: Random) -> str:
        if rng.random() < 0.5:
            return rng.choice((*AUTHORIZATIONS, f"Bearer {self.token},Bearer {self.token}"))
        header, payload = (base64.urlsafe_b64encode(rng.choice(JWTS).encode()).decode().rstrip("=") for _ in range(2))
        return f"Bearer {header}.{payload}.a"


def _is_packed(headers: Headers, rng: Random) -> bool:
    return ("content-encoding", "gzip") in headers and rng.random() < 0.9


Way = Callable[[Maker, Random], Request]

WAYS: Final[tuple[Way, ...]] = (
    *(Maker.valid, Maker.damaged, Maker.damaged, Maker.damaged, Maker.grammatical, Maker.grammatical),
    *(Maker.odd_variables, Maker.odd_variables, Maker.no_json, Maker.over_get),
)
