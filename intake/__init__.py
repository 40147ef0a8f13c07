"""Hears: webhooks of GitHub, reports of machines, the REST API. Answers in milliseconds and calls nobody."""
