"""Durable truth: what was asked, what happened, what is secret. Imports no other package of ours."""
