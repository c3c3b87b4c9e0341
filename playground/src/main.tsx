import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { pick, useGraphiQL } from "@graphiql/react";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { buildSchema } from "graphql";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";

/** What the gateway puts in place: a token only when it runs before its emulator, a schema if introspection is on. */
interface Start {
  document: string;
  variables: Record<string, unknown>;
  token: string | null;
  schema: string | null;
}

const HELP = `{
  // Paste a token, such as
  // \`gateway token\` prints:
  "authorization": "Bearer <access token>"
}`;

async function loadStart(): Promise<Start> {
  const response = await fetch("/playground/start.json");
  return (await response.json()) as Start;
}

function findRoot(): HTMLElement {
  const root = document.getElementById("root");
  if (root === null) {
    throw new Error("index.html has no #root");
  }
  return root;
}

/** Lets people in once all editors are there: before that GraphiQL's buttons do nothing, or send without headers. */
function Entrance({ root }: { root: HTMLElement }) {
  const editors = useGraphiQL(pick("queryEditor", "variableEditor", "headerEditor", "responseEditor"));
  const areThere = Object.values(editors).every(Boolean);
  useEffect(() => {
    root.inert = !areThere;
  }, [root, areThere]);
  return null;
}

const root = findRoot();
const start = await loadStart();
const headers =
  start.token === null ? HELP : JSON.stringify({ authorization: `Bearer ${start.token}` }, null, 2);

createRoot(root).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: "/graphql", enableIncrementalDelivery: false })}
    // Without a schema GraphiQL must not ask for one: null, not undefined.
    schema={start.schema === null ? null : buildSchema(start.schema)}
    initialQuery={start.document}
    initialVariables={JSON.stringify(start.variables, null, 2)}
    initialHeaders={headers}
    defaultHeaders={headers} // of further tabs, and of those that an earlier visit left behind
    shouldPersistHeaders={false}
    plugins={[]} // The history, there by default, would store the headers of each run all the same.
    defaultEditorToolsVisibility={start.token === null ? "headers" : "variables"}
  >
    <Entrance root={root} />
  </GraphiQL>,
);
