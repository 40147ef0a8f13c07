"""The settings page in a real browser: keys go in and never come out, each field saves itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from emulators.fly import Server
from store import audit, settings, tables, vault
from tests.dashboard.conftest import KEYS, Dashboard, frames, serving
from tests.dashboard.forge import Forge, forge
from tests.emulators.fly_api import TOKEN, world

pytestmark = pytest.mark.browser
CANARY = "sk-ant-this-must-never-come-back"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with forge(tmp_path_factory.mktemp("forge")) as one:
        file = {".porter/config.toml": 'timeout = "20m"\n'}
        one.repository.git.commit("main", file, author="Maria", email="maria@example.test", message="Work shorter")
        yield one


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, github: Forge) -> Iterator[Dashboard]:
    with Server(world(tmp_path_factory.mktemp("fly"))) as fly:
        told = github.environment | {"FLY_API_URL": fly.url}
        with serving(tmp_path_factory.mktemp("settings"), **told) as running:
            github.known_to(running.db)
            yield running


@pytest.fixture(autouse=True)
def unset(house: Dashboard) -> None:
    """Each begins with nothing set, also when it is tried once more."""
    with house.db.write() as connection:
        for table in (tables.settings, tables.secrets, tables.audit):
            connection.execute(table.delete())


def test_a_key_is_added_and_removed_and_is_never_seen_again(house, screen):
    answers = frames(screen, "framereceived")
    screen.goto(f"{house.url}/settings?tab=secrets")
    row = screen.get_by_role("group", name="ANTHROPIC_API_KEY", exact=True)
    expect(row).to_contain_text("not configured")
    expect(row).to_contain_text("Claude Code")
    row.get_by_role("button", name="Add").click()
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("A blank changes nothing.")
    row.get_by_label("Value of").fill(CANARY)
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("by the operator, just now")
    expect(row.get_by_label("Value of")).to_be_hidden()
    assert vault.use(house.db, vault.Vault.parse(KEYS), "global", "ANTHROPIC_API_KEY") == CANARY
    never_seen(screen, answers, house)
    screen.reload()
    expect(row).to_contain_text("by the operator")
    never_seen(screen, answers, house)
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Remove").click()
    expect(row).to_contain_text("not configured")
    assert vault.known(house.db) == []
    told = [(one.action, one.what) for one in audit.latest(house.db) if "KEY" in one.what]
    assert told == [("secret_removed", "global/ANTHROPIC_API_KEY"), ("secret_added", "global/ANTHROPIC_API_KEY")]
    never_seen(screen, answers, house)


# All that a page holds, also inside the components and in the browser's memory.
EVERYTHING = """() => {
  const within = (root) => root.innerHTML + [...root.querySelectorAll("*")]
    .map((node) => `${node.value ?? ""} ${node.shadowRoot ? within(node.shadowRoot) : ""}`).join(" ");
  const kept = [localStorage, sessionStorage].flatMap((one) => Object.values(one));
  return [within(document.documentElement), location.href, ...kept].join(" ");
}"""


def never_seen(page, answers: list[str], house: Dashboard) -> None:
    """Not in the page, nor in what the server sent, nor in a file it wrote; its name is, so that the search is one."""
    files = [path.read_bytes() for path in house.folder.rglob("*") if path.is_file()]
    for place in (page.evaluate(EVERYTHING), " ".join(answers), str(b" ".join(files))):
        assert "ANTHROPIC_API_KEY" in place
        assert CANARY not in place


def test_a_field_saves_itself_shows_its_source_and_keeps_what_was_refused(house, tab):
    tab.goto(f"{house.url}/settings")
    field = tab.get_by_role("group", name="Silence limit")
    expect(field).to_contain_text("10m · Porter's own")
    field.get_by_role("textbox").fill("a while")
    field.get_by_role("textbox").press("Enter")
    expect(field.get_by_role("alert")).to_contain_text("Is minutes, or like 90s, 30m, 1h")
    expect(field.get_by_role("textbox")).to_have_value("a while")
    assert settings.of_scope(house.db, settings.GLOBAL) == {}
    field.get_by_role("textbox").fill("20")
    field.get_by_role("textbox").press("Tab")
    expect(field).to_contain_text("20m · set for everyone")
    expect(field.get_by_role("textbox")).to_have_value("20m")
    field.get_by_role("button", name="Remove").click()
    field.get_by_role("button", name="Remove").click()
    expect(field).to_contain_text("10m · Porter's own")


def test_an_agent_is_switched_off_but_not_the_default_one(house, tab):
    tab.goto(f"{house.url}/settings?tab=agents")
    tab.get_by_role("switch", name="Codex may work").click()
    part = tab.get_by_role("region", name="Codex")
    expect(part).to_contain_text("Switched off")
    tab.get_by_role("switch", name="Mock agent may work").click()
    expect(tab.get_by_role("region", name="Mock agent")).to_contain_text("Mock agent is the default agent")
    expect(tab.get_by_role("switch", name="Mock agent may work")).to_be_checked()
    tab.get_by_role("switch", name="Codex may work").click()
    expect(part).not_to_contain_text("Switched off")


def test_what_a_repositorys_file_says_wins_and_cannot_be_changed_on_a_phone(house, phone):
    phone.goto(f"{house.url}/settings?tab=repositories")
    phone.get_by_role("searchbox", name="Find a repository").fill("widg")
    phone.get_by_text("acme/widgets", exact=True).click()
    phone.wait_for_url("**repo=acme*")
    limit = phone.get_by_role("group", name="Time limit")
    expect(limit).to_contain_text("20m · the repository's file")
    expect(limit.get_by_role("textbox")).to_be_disabled()
    labels = phone.get_by_role("group", name="Labels to pass over")
    labels.get_by_role("textbox").fill("wontfix, question")
    labels.get_by_role("textbox").press("Enter")
    expect(labels).to_contain_text("wontfix, question · set for this repository")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_fly_token_is_kept_when_fly_accepts_it_and_else_stays_typed(house, tab):
    tab.goto(f"{house.url}/settings?tab=fly")
    expect(tab.get_by_text("There is no Fly token")).to_be_visible()
    row = tab.get_by_role("group", name="FLY_API_TOKEN")
    row.get_by_role("button", name="Add").click()
    row.get_by_label("Value of").fill("FlyV1 fm2_wrong")
    row.get_by_role("button", name="Connect").click()
    expect(row.get_by_role("alert")).to_contain_text("Nothing was saved. Fly does not accept the token")
    expect(row.get_by_label("Value of")).to_have_value("FlyV1 fm2_wrong")
    assert vault.known(house.db) == []
    row.get_by_label("Value of").fill(TOKEN)
    row.get_by_role("button", name="Connect").click()
    expect(tab.get_by_role("region", name="How it stands")).to_contain_text("Fly is set up: the app porter-")
    expect(row).to_contain_text("by the operator")
    memory = tab.get_by_role("group", name="Memory in MB")
    memory.get_by_role("textbox").fill("300")
    memory.get_by_role("textbox").press("Enter")
    expect(memory.get_by_role("alert")).not_to_be_empty()
    expect(memory.get_by_role("textbox")).to_have_value("300")
    memory.get_by_role("textbox").fill("4096")
    memory.get_by_role("textbox").press("Enter")
    expect(memory).to_contain_text("4096 · set for everyone")
    assert TOKEN not in tab.content()


def test_a_new_porter_lists_no_repository_and_without_the_database_what_is_typed_stays(tmp_path: Path, tab):
    with serving(tmp_path) as alone:
        tab.goto(f"{alone.url}/settings?tab=repositories")
        expect(tab.get_by_text("GitHub has told of no repository yet. Install the App on one")).to_be_visible()
        tab.goto(f"{alone.url}/settings")
        field = tab.get_by_role("group", name="Silence limit")
        expect(field).to_be_visible()
        sql(alone, "alter table settings rename to settings_away")
        field.get_by_role("textbox").fill("25m")
        field.get_by_role("textbox").press("Enter")
        expect(field.get_by_role("alert")).to_contain_text("nothing was changed")
        expect(field.get_by_role("textbox")).to_have_value("25m")
        sql(alone, "alter table settings_away rename to settings")
        field.get_by_role("textbox").press("Enter")
        expect(field).to_contain_text("25m · set for everyone")


def sql(house: Dashboard, statement: str) -> None:
    with house.db.write() as connection:
        connection.exec_driver_sql(statement)
