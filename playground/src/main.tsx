import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

/** What the gateway puts in place: a token only when it runs before its emulator. */
interface Start {
  document: string;
  variables: Record<string, unknown>;
  token: string | null;
}

const HELP = "Bearer <paste a delegated access token for Microsoft Graph>";

async function loadStart(): Promise<Start> {
  const response = await fetch("/playground/start.json");
  return (await response.json()) as Start;
}

const start = await loadStart();
const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  headers: { accept: "application/graphql-response+json" },
});
const headers = { authorization: start.token === null ? HELP : `Bearer ${start.token}` };

const root = document.getElementById("root");
if (root === null) {
  throw new Error("index.html has no #root");
}
createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    initialQuery={start.document}
    initialVariables={JSON.stringify(start.variables, null, 2)}
    initialHeaders={JSON.stringify(headers, null, 2)}
    shouldPersistHeaders={false}
    defaultEditorToolsVisibility="variables"
  />,
);
