"""A separate program that speaks Microsoft Graph and Entra, for trying out and for tests. Never a source of truth."""
