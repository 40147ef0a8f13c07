"""The gate that the configuration asks for now: an App that is made while this runs brings the sign-in with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.gate import Asgi, Receive, Scope, Send
from jobs.bootstrap import Services
from jobs.config import Config


class Doorway:
    """ASGI: hands each request to the gate of this moment. `services` are those of this process, `gate` builds one."""

    def __init__(self, services: Callable[[], Services], gate: Callable[[Config], Asgi]) -> None:
        self._services, self._make = services, gate
        self._config = services().config
        self._gate = gate(self._config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._may_change():
            # The database is asked for the App, in another thread, until there is one.
            self._take((await asyncio.to_thread(self._services)).config)
        await self._gate(scope, receive, send)

    def _may_change(self) -> bool:
        """Once there is an App it stays for as long as this process lives; embedded, nobody ever signs in."""
        return self._config.is_production and not self._config.names_app

    def _take(self, config: Config) -> None:
        if config is not self._config:
            self._config, self._gate = config, self._make(config)
