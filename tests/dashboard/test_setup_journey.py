"""From an empty Porter to its first pull request by clicks: real processes, and a GitHub that knows no App yet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from emulators.github import World, create_app
from jobs import bootstrap
from porter.data_dir import DataDir
from porter.embedded import running
from porter.supervisor import free_port
from store import tables, vault
from tests.dashboard.conftest import Dashboard, serving
from tests.emulators import github_stage
from tests.signing_in import served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@contextmanager
def github(folder: Path) -> Iterator[tuple[World, str]]:
    world = World(folder)
    with served(create_app(world)) as url:
        world.move_to(url)
        for login in ("maria", "tom"):
            world.add_user(login)
        world.add_user("acme", "Acme", kind="Organization")
        world.add_repository("acme/widgets", {"README.md": "# widgets\n"}, collaborators={"maria": "admin"})
        try:
            yield world, url
        finally:
            world.close()


def doctor(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    told = {"PATH": os.environ["PATH"], "HOME": environment["PORTER_DATA_DIR"]} | environment
    argv = [sys.executable, "-m", "porter", "doctor"]
    return subprocess.run(argv, env=told, capture_output=True, text=True, timeout=60, check=False)


def step(tab: Page, title: str):
    return tab.get_by_role("listitem").filter(has=tab.get_by_role("heading", name=title, exact=True))


def test_an_empty_porter_is_set_up_by_clicks_and_brings_a_pull_request(tmp_path: Path, tab: Page) -> None:
    data = DataDir(tmp_path / "data")
    with github(tmp_path / "git") as (world, url):
        environment = data.secrets() | {"GITHUB_URL": url, "GITHUB_API_URL": f"{url}/api", "PORTER_HOST": "local"}
        with running(data, environment, intake_port=free_port(0)) as (_programs, where, config):
            told = environment | {
                "PORTER_DATA_DIR": str(data.path), "REDIS_URL": where.redis, "PORTER_URL": config.url,
                "PORTER_DASHBOARD_URL": config.dashboard_url,
            }  # fmt: skip
            before = doctor(told)
            assert before.returncode == 1
            assert f"next: Make one by a click: {config.dashboard_url}/setup" in before.stdout

            tab.goto(f"{where.dashboard}/setup")
            expect(step(tab, "GitHub App")).to_contain_text("There is no GitHub App yet.")
            tab.get_by_role("textbox", name="Organisation on GitHub").fill("acme")
            tab.get_by_role("button", name="Create the GitHub App").click()
            tab.get_by_role("button", name="Continue to GitHub").click()
            tab.get_by_role("button", name="Create as maria").click()
            expect(step(tab, "GitHub App")).to_contain_text("with every permission and event it needs")
            (app,) = world.apps.values()
            assert app.owner.login == "acme"

            with tab.expect_popup() as popup:
                tab.get_by_role("link", name="Install on GitHub").click()
            popup.value.get_by_label("acme/widgets").check()
            popup.value.get_by_role("button", name="Install").click()
            expect(step(tab, "Installation")).to_contain_text("Installed on acme/widgets.")
            expect(step(tab, "Webhook")).to_contain_text("its signature fits")

            tab.get_by_role("button", name="Run the self-test").click()
            expect(step(tab, "First task")).to_contain_text("became pull request #2 in acme/widgets", timeout=60_000)
            tab.get_by_role("button", name="Close it").click()
            tab.get_by_role("button", name="Close without merging?").click()
            expect(tab.get_by_text("is closed, and so is its issue")).to_be_visible()
            expect(tab.get_by_role("button", name="Run the self-test")).to_be_visible()
            assert {one.state for one in world.repository("acme/widgets").issues.values()} == {"closed"}

            services = bootstrap.build(config)
            kept = [(one.owner, one.name) for one in vault.known(services.db)]
            assert kept == [("porter", "GITHUB_APP")]
            with services.db.read() as connection:
                sealed = str(connection.execute(tables.secrets.select()).all())
            assert "BEGIN" not in sealed
            assert app.webhook_secret not in sealed
            services.db.close()

            after = doctor(told)
            assert "BROKEN  Agent: No coding agent has a key." in after.stdout, after.stdout
            assert after.stdout.count("BROKEN") == 1, after.stdout


def sql(dashboard: Dashboard, statement: str) -> None:
    with dashboard.db.write() as connection:
        connection.execute(text(statement))


def test_without_its_database_the_checklist_says_so_and_comes_back(tmp_path: Path, phone: Page) -> None:
    with serving(tmp_path) as alone:
        phone.goto(f"{alone.url}/setup")
        expect(step(phone, "GitHub App")).to_contain_text("There is no GitHub App yet.")
        sql(alone, "alter table settings rename to settings_away")
        expect(phone.get_by_text("The database has not answered since")).to_be_visible()
        sql(alone, "alter table settings_away rename to settings")
        expect(phone.get_by_text("The database has not answered since")).to_have_count(0)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_while_github_and_redis_are_away_each_is_one_sentence_and_the_rest_works(tmp_path: Path, tab: Page) -> None:
    nobody = "http://127.0.0.1:9"
    told = {
        "GITHUB_APP_ID": "5", "GITHUB_APP_PRIVATE_KEY": github_stage.key_pair()[0], "GITHUB_WEBHOOK_SECRET": "hook",
        "GITHUB_API_URL": f"{nobody}/api", "PORTER_HOST": "fly", "FLY_API_URL": nobody,
    }  # fmt: skip
    with serving(tmp_path, **told) as alone:
        tab.goto(f"{alone.url}/setup")
        app = step(tab, "GitHub App")
        expect(app).to_contain_text("GitHub does not answer, so nobody can tell whether it takes Porter for its App.")
        expect(app).to_contain_text("Not known")
        expect(step(tab, "Porter itself")).to_contain_text("Redis does not answer. No task is lost")
        expect(step(tab, "Machines").get_by_role("link", name="Set Fly up")).to_have_attribute(
            "href", "/settings?tab=fly"
        )
        step(tab, "Agent").get_by_role("link", name="Add a key").click()
        expect(tab.get_by_role("group", name="ANTHROPIC_API_KEY", exact=True)).to_be_visible()
