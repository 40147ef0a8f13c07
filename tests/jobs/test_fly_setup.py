"""Setting Fly up against the emulated Fly: every status, what is stored, what is made, and what is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from emulators.fly import Server
from jobs import bootstrap, fly_settings, fly_setup
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.fly_judge import clean_name
from jobs.fly_settings import FlyNotSetUp
from jobs.fly_setup import Change, FlyInUse
from jobs.fly_verdict import Mode
from jobs.hosts.errors import HostRefused
from jobs.hosts.fly_apps import FlyApps
from jobs.hosts.fly_place import FlyPlace
from jobs.setting_kinds import BadSetting
from store import runs, settings, vault
from store.lifecycle import Status
from tests.builders import make_task
from tests.conftest import Clock
from tests.contracts.fly import HOOKS
from tests.emulators.fly_api import DEPLOY, TOKEN, world

BOTH = "fm2_two_apps"
OTHERS = "fm2_others"


@dataclass
class Stage:
    server: Server
    services: Services

    def save(self, token: str = "", **change: Any) -> fly_setup.Report:
        return fly_setup.save(self.services, Change(token, **change), by="maria")

    def known(self) -> fly_settings.Known:
        return fly_settings.known(self.services.db, self.services.vault, self.services.config)

    def made(self) -> list[str]:
        """The apps that were created, answered or not."""
        return [call.body["name"] for call in self.server.world.history("create_app")]


@pytest.fixture
def stage(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Stage]:
    """Each request and each answer is held against Fly's own description."""
    shutil.copy(migrated_sqlite, tmp_path / "porter.db")
    tokens = {DEPLOY: "porter", BOTH: ["porter", "second"]}
    with Server(world(tmp_path / "fly", deploy_tokens=tokens)) as server, httpx.Client(event_hooks=HOOKS) as http:
        config = Config.model_validate(
            {
                "PORTER_DATA_DIR": str(tmp_path),
                "PORTER_VAULT_KEYS": "v1:" + "A" * 43 + "=",
                "PORTER_HOST": "fly",
                "FLY_API_URL": server.url,
            }
        )
        services = bootstrap.build(config, clock=Clock())
        services.__dict__["_fly_line"] = http
        yield Stage(server, services)
        services.db.close()


@pytest.mark.parametrize(
    ("token", "change", "status", "said"),
    [
        pytest.param("", {}, "missing_token", "no Fly token", id="missing-token"),
        pytest.param(BOTH, {}, "missing_app_name", "porter, second", id="several-apps-and-none-chosen"),
        pytest.param("fm2_wrong", {}, "invalid_token", "expired or revoked", id="wrong-token"),
        pytest.param("fm2 with spaces", {}, "invalid_token", "characters", id="not-a-token-at-all"),
        pytest.param("fm2_größe", {}, "invalid_token", "characters", id="not-ascii"),
        pytest.param(DEPLOY, {"app": "second"}, "insufficient_scope", "good for porter", id="token-of-another-app"),
        pytest.param(TOKEN, {"org": "others"}, "insufficient_scope", "it is for personal", id="another-organisation"),
        pytest.param(DEPLOY, {"app": "theirs"}, "app_not_found", "no app theirs", id="app-out-of-sight"),
        pytest.param(DEPLOY, {"app": "missing", "mode": Mode.DEPLOY}, "app_not_found", "no app missing", id="no-app"),
        pytest.param(TOKEN, {"app": "theirs"}, "name_conflict", "taken", id="name-of-somebody-else"),
        pytest.param(DEPLOY, {"app": "fresh", "mode": Mode.ORG}, "insufficient_scope", "403", id="may-make-no-apps"),
    ],
)
def test_what_fly_does_not_accept_is_told_and_not_stored(
    stage: Stage, token: str, change: dict[str, Any], status: str, said: str
) -> None:
    verdict = stage.save(token, **change).verdict
    assert verdict.status == status
    assert said in verdict.message
    assert verdict.action
    assert stage.known() == fly_settings.Known("", None, None, None, None)


def test_an_organisations_token_uses_the_app_that_is_there(stage: Stage) -> None:
    verdict = stage.save(TOKEN, app="second").verdict
    assert (verdict.status, verdict.app, verdict.created) == ("ready", "second", False)
    assert stage.made() == []
    assert stage.services.fly_place().app == "second"


def test_a_chosen_app_that_is_not_there_is_made_under_its_name_as_fly_wants_it(stage: Stage) -> None:
    verdict = stage.save(TOKEN, app="My Porter!").verdict
    assert (verdict.app, verdict.created, verdict.org) == ("my-porter", True, "personal")
    assert stage.server.world.apps["my-porter"] == "personal"


def test_without_a_name_one_is_made_up_and_another_when_it_is_taken(stage: Stage) -> None:
    stage.server.world.faults.fail_next("create_app", 422, "Name has already been taken", code="name_taken")
    verdict = stage.save(TOKEN).verdict
    first, second = stage.made()
    assert (verdict.app, verdict.created) == (second, True)
    assert first != second
    assert clean_name(second) == second


def test_a_name_that_fly_does_not_like_is_told_in_its_words(stage: Stage) -> None:
    verdict = stage.save(TOKEN, app="x").verdict
    assert verdict.status == "name_conflict"
    assert "Validation failed" in verdict.message


def test_when_no_made_up_name_is_free_it_is_a_conflict(stage: Stage) -> None:
    stage.server.world.faults.fail_next("create_app", 422, "taken", code="name_taken", times=3)
    assert stage.save(TOKEN).verdict.status == "name_conflict"
    assert len(stage.made()) == 3
    assert stage.known().token_source is None


def test_an_app_whose_making_was_not_answered_is_made_once(stage: Stage) -> None:
    stage.server.world.faults.drop_reply_next("create_app")
    verdict = stage.save(TOKEN, app="fresh").verdict
    assert (verdict.status, verdict.app) == ("ready", "fresh")
    assert stage.made() == ["fresh", "fresh"]


def test_a_deploy_token_for_one_app_needs_no_name(stage: Stage) -> None:
    verdict = stage.save(f"FlyV1 {DEPLOY}\n").verdict
    assert (verdict.status, verdict.app, verdict.mode) == ("ready", "porter", "deploy")
    assert stage.known().token == DEPLOY
    [secret] = vault.known(stage.services.db)
    assert (secret.owner, secret.name, secret.updated_by) == ("global", "FLY_API_TOKEN", "maria")


def test_an_empty_token_keeps_the_stored_one_and_a_missing_app_the_one_in_use(stage: Stage) -> None:
    stage.save(TOKEN, app="second")
    verdict = stage.save("", sizes={"regions": ["fra"], "machine_memory_mb": 4096}).verdict
    assert (verdict.status, verdict.app) == ("ready", "second")
    place = stage.services.fly_place()
    assert (place.token, place.regions, place.memory_mb) == (TOKEN, ("fra",), 4096)
    stage.save("", app="porter")
    assert stage.services.fly_place().app == "porter"


def test_a_token_that_fails_later_leaves_the_good_one_in_place(stage: Stage) -> None:
    stage.save(DEPLOY)
    stage.save("fm2_wrong", app="second", sizes={"machine_cpus": 1})
    image = stage.services.config.worker_image
    assert stage.services.fly_place() == FlyPlace(DEPLOY, "porter", image, ("iad",))


def test_looking_and_trying_make_and_store_nothing(stage: Stage) -> None:
    tried = fly_setup.try_out(stage.services, Change(TOKEN, app="fresh")).verdict
    assert (tried.status, tried.to_make) == ("ready", True)
    assert "save" in (tried.action or "")
    assert fly_setup.look(stage.services).verdict.status == "missing_token"
    stage.save(TOKEN, app="second")
    del stage.server.world.apps["second"]
    assert fly_setup.look(stage.services).verdict.status == "app_not_found"
    assert stage.made() == []


def test_saving_again_makes_the_app_anew_that_somebody_deleted(stage: Stage) -> None:
    stage.save(TOKEN, app="second")
    del stage.server.world.apps["second"]
    assert stage.save().verdict.created
    assert stage.made() == ["second"]


def test_the_token_of_another_organisation_gets_an_app_of_its_own(stage: Stage) -> None:
    stage.save(TOKEN, app="second")
    verdict = stage.save(OTHERS).verdict
    assert (verdict.status, verdict.org, verdict.created) == ("ready", "others", True)
    assert stage.made()[0] == "second" and verdict.app == stage.made()[1]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_when_fly_cannot_say_it_is_an_error_with_its_request_id(stage: Stage, status: int) -> None:
    stage.server.world.faults.fail_next("token", status)
    verdict = stage.save(TOKEN, app="porter").verdict
    assert (verdict.status, str(status) in verdict.message) == ("error", True)
    assert "fly-request-id 01" in verdict.message
    assert stage.known().token_source is None


def test_a_fly_that_is_away_is_an_error(stage: Stage) -> None:
    stage.services.__dict__["_fly_line"] = httpx.Client()
    stage.server.close()
    assert stage.save(TOKEN).verdict.status == "error"


def test_a_revoked_token_is_seen_by_the_next_look(stage: Stage) -> None:
    stage.save(DEPLOY)
    stage.server.world.revoke(DEPLOY)
    verdict = fly_setup.look(stage.services).verdict
    assert verdict.status == "invalid_token"
    assert DEPLOY not in verdict.message
    with pytest.raises(HostRefused, match="expired or revoked"):
        stage.services.host.list()


def test_the_environments_token_counts_until_one_is_saved(stage: Stage) -> None:
    services = stage.services
    given = {"fly_api_token": SecretStr(f"FlyV1 {DEPLOY}"), "fly_app_name": "porter"}
    config = services.config.model_copy(update=given)
    assert fly_settings.place(services.db, services.vault, config).token == DEPLOY
    stage.save(TOKEN, app="second")
    assert fly_settings.place(services.db, services.vault, config).app == "second"


def test_what_can_be_no_token_is_not_sent(stage: Stage) -> None:
    services = stage.services
    config = services.config.model_copy(update={"fly_api_token": SecretStr("größe"), "fly_app_name": "porter"})
    with pytest.raises(FlyNotSetUp, match="no token that could be one"):
        fly_settings.place(services.db, services.vault, config)


def test_the_app_is_not_changed_while_machines_are_at_work_in_it(stage: Stage) -> None:
    stage.save(TOKEN, app="porter")
    task = make_task(stage.services.db, status=Status.RUNNING)
    claim = runs.claim(stage.services.db, task.run_id, now=stage.services.clock())
    assert claim is not None
    runs.write(stage.services.db, claim, machine_id="m1", host="fly")
    with pytest.raises(FlyInUse, match="1 machine is at work in the app porter"):
        stage.save(app="second")
    with pytest.raises(FlyInUse):
        stage.save(app="fresh")
    assert stage.made() == []
    assert stage.save(DEPLOY).verdict.app == "porter"


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"machine_cpus": 3}, "machines on Fly have 1, 2, 4, 6, 8"),
        ({"machine_cpus": 8, "machine_memory_mb": 256}, "2048 to 16384"),
        ({"machine_cpu_kind": "huge"}, "machine_cpu_kind"),
        ({"regions": ["Frankfurt"]}, "regions"),
    ],
)
def test_a_size_that_fly_does_not_have_is_refused_before_it_is_asked(
    stage: Stage, sizes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadSetting, match=said):
        stage.save(TOKEN, app="porter", sizes=sizes)
    assert settings.of_scope(stage.services.db, settings.GLOBAL) == {}
    assert stage.server.world.calls == []


def test_an_image_by_tag_is_warned_about(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert "named by a tag" in " ".join(stage.save(DEPLOY).warnings)
    fly_setup.warn(stage.services)
    assert "named by a tag" in caplog.text


def test_the_token_is_in_no_repr_and_no_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    report = stage.save(DEPLOY)
    shown = (report, Change(DEPLOY), stage.known(), stage.services.fly_place(), stage.services.fly_apps(DEPLOY))
    assert DEPLOY not in f"{shown!r} {caplog.text}"


def test_several_tokens_in_one_string_are_told_apart_by_their_organisations() -> None:
    tokens = [{"org_slug": "zebra"}, {"org_slug": "acme", "apps": []}]
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"tokens": tokens})))
    assert FlyApps("http://fly", TOKEN, client).token().orgs == ("acme", "zebra")
