"""How gunicorn serves the intake: `gunicorn -c python:intake.server "intake.app:from_environment()"`.

Threads, because a stream of events (`GET …/events`) holds its place for minutes.
"""

from __future__ import annotations

worker_class = "gthread"
workers = 2
threads = 8
graceful_timeout = 5  # seconds: an open stream is cut, its reader resumes
timeout = 60  # seconds without a sign of life before a worker is replaced
max_requests = 20_000  # a worker is renewed now and then, whatever may leak
max_requests_jitter = 2_000
control_socket_disable = True  # two Porters of one user would fight for it
loglevel = "warning"
