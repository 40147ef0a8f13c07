"""One request to Fly: the token goes in a header of this request only, and no answer is an error like any other."""

from __future__ import annotations

from typing import Any

import httpx

from jobs.hosts.errors import HostUnavailable


class FlyWire:
    """The line to Fly's Machines API at `api_url`. https://fly.io/docs/machines/api/working-with-machines-api/"""

    def __init__(self, api_url: str, http: httpx.Client, timeout: httpx.Timeout) -> None:
        self._api_url, self._http, self._timeout = api_url.rstrip("/"), http, timeout

    def ask(self, token: str, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, whatever its status. Raises HostUnavailable when there is none."""
        request.setdefault("timeout", self._timeout)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            return self._http.request(method, f"{self._api_url}/v1{path}", headers=headers, **request)
        except httpx.TransportError as error:
            raise HostUnavailable(f"Fly did not answer ({type(error).__name__}); Porter tries again") from error
