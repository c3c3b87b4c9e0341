"""Arguments and selected names → requests to Microsoft Graph. Pure functions over the specs."""
