// What the Node contenders share: the schema, and resolvers that call Graph with undici, the fastest client there is.
import { readFileSync } from "node:fs";
import { Pool } from "undici";

const ROOT = "/v1.0/tenantRelationships/managedTenants";
const ca = process.env.CA_FILE && readFileSync(process.env.CA_FILE);
const pool = new Pool(process.env.GRAPH_URL, { connections: 64, connect: ca ? { ca } : undefined });

export const port = Number(process.env.PORT);
export const typeDefs = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");

async function askGraph(context, method, path, content) {
  const headers = { authorization: context.authorization, accept: "application/json" };
  if (content) headers["content-type"] = "application/json";
  const { statusCode, body } = await pool.request({
    method,
    path: ROOT + path,
    headers,
    body: content && JSON.stringify(content),
  });
  const answer = await body.json();
  if (statusCode >= 300) throw new Error(`Graph answered ${statusCode}`);
  return answer;
}

async function list(context, entitySet, first) {
  return { nodes: (await askGraph(context, "GET", `/${entitySet}?$top=${first}`)).value };
}

export const resolvers = {
  Query: {
    cloudPcConnection: (_, { id }, context) => askGraph(context, "GET", `/cloudPcConnections/${encodeURIComponent(id)}`),
    cloudPcConnections: (_, { first }, context) => list(context, "cloudPcConnections", first),
    cloudPcDevices: (_, { first }, context) => list(context, "cloudPcDevices", first),
  },
  Mutation: {
    createCloudPcConnection: (_, { input }, context) =>
      askGraph(context, "POST", "/cloudPcConnections", {
        "@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection",
        ...input,
      }),
  },
  CloudPcConnection: {
    tenant: ({ tenantId }, _, context) => askGraph(context, "GET", `/tenants/${encodeURIComponent(tenantId)}`),
  },
};
