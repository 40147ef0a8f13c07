"""Tells people, outside GitHub, what became of tasks: by webhook, Slack-compatible hook and e-mail."""
