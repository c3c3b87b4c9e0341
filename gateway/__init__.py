"""A GraphQL gateway in front of Microsoft Graph's managedTenants API."""

__version__ = "0.1.0"
