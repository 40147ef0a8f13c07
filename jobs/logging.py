"""How log lines look: one line an event, readable on a terminal, JSON for machines."""

from __future__ import annotations

import logging
import sys

import structlog

from jobs.cleaning import masked
from jobs.config import Config
from jobs.secrecy import of_config
from worker.masking import Mask


def configure(config: Config, *, process: str) -> None:
    """Send all logging of this process to stderr in the configured format, with the process's name in each line."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
    ]
    if config.log_format == "json":
        last: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _without_secrets(Mask(of_config(config))),
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level)
    for noisy in ("httpx", "httpcore", "rq.worker", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _without_secrets(mask: Mask) -> structlog.typing.Processor:
    """No line holds a secret of the configuration or what looks like a token, whoever wrote it."""

    def hide(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {name: masked(mask.text(value)) if isinstance(value, str) else value for name, value in event.items()}

    return hide


def _named(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
