"""The edge people and programs reach over HTTP: webhooks, the JSON API, the agents' screens and the help page."""
