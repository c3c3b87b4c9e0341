"""Microsoft Graph over HTTP: requests, answers, retries, and the one way upstream of an operation."""
