"""The GraphQL schema, derived from the specs with Strawberry."""
