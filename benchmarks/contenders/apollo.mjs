import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { port, resolvers, typeDefs } from "./graph.mjs";

await startStandaloneServer(new ApolloServer({ typeDefs, resolvers, introspection: true }), {
  listen: { port, host: "127.0.0.1" },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
