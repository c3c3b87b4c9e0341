// Runs the reference suite of GraphQL over HTTP against AUDIT_URL with the bearer token AUDIT_TOKEN.
// Prints a JSON list of { id, name, status, reason }.
import { serverAudits } from "graphql-http";

const { AUDIT_URL, AUDIT_TOKEN } = process.env;

const audits = serverAudits({
  url: AUDIT_URL,
  fetchFn: (url, init = {}) =>
    fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${AUDIT_TOKEN}` } }),
});

const results = [];
for (const audit of audits) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason });
}
console.log(JSON.stringify(results));
