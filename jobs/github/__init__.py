"""GitHub, as far as Porter needs it: a thin client, and tokens no wider than their purpose."""
