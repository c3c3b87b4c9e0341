import Fastify from "fastify";
import mercurius from "mercurius";
import { port, resolvers, typeDefs } from "./graph.mjs";

const app = Fastify({ logger: false });
app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  jit: 1,
  context: (request) => ({ authorization: request.headers.authorization }),
});
await app.listen({ port, host: "127.0.0.1" });
