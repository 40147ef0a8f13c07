"""An App is made while the dashboard runs: from then on people sign in with it, and the password opens nothing."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.dashboard.house import own_address, started
from tests.making_app import without_app

PASSWORD = ("maria", "open")
PAGE = {"Accept": "text/html"}


def signed_in(client: httpx.Client, porter: str, github: str) -> str:
    """Sign in as maria; the address that it leads to."""
    leave = client.post(f"{porter}/api/auth/login", data={"to": "/setup"}, headers={"Origin": porter})
    page = httpx.get(leave.headers["location"])
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    told = form | {"who": "maria", "answer": "yes"}
    agreed = httpx.post(f"{github}/login/oauth/authorize", data=told, headers={"Origin": github})
    return str(client.get(agreed.headers["location"]).headers["location"])


def test_people_sign_in_with_the_new_app_without_a_restart(tmp_path: Path) -> None:
    url = own_address()
    with (
        without_app(tmp_path, url, PORTER_ADMINS="maria") as place,
        started(tmp_path, url, place.settings),
        httpx.Client(timeout=30) as stranger,
        httpx.Client(base_url=place.url, timeout=30) as maria,
    ):
        assert stranger.get(url, headers=PAGE).status_code == 401
        assert stranger.get(url, headers=PAGE, auth=PASSWORD).status_code == 200
        assert maria.get(place.way_back(maria)).status_code == 303

        for auth in (None, PASSWORD):  # the cookie that stood for the password opens nothing either
            turned_away = stranger.get(url, headers=PAGE, auth=auth)
            assert turned_away.status_code == 303
            assert turned_away.headers["location"].startswith(f"{place.url}/api/auth/sign-in")
        assert signed_in(maria, place.url, place.settings["GITHUB_URL"]) == f"{url}/setup"
        assert maria.get(url, headers=PAGE).status_code == 200
        assert maria.get(f"{place.url}/api/auth/me").json()["role"] == "admin"
