"""What a monitor is told: real figures, to whoever has the token, also while Redis is away."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from jobs import notifying
from jobs.notifying import NewChannel
from store import notices, settings
from store.lifecycle import Status
from store.notices import State
from tests.builders import make_task
from tests.intake.conftest import House, build

PRODUCTION = {
    "PORTER_ENV": "production", "PORTER_HOST": "fly", "GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "x",
    "PORTER_API_TOKEN": "t0ken", "PORTER_DASHBOARD_PASSWORD": "p",
}  # fmt: skip


def scraped(house: House) -> dict[tuple[str, str], float]:
    """Each sample by its name and its one label."""
    answer = house.client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, "".join(one.labels.values())): one.value for family in families for one in family.samples}


def test_tasks_deliveries_and_runs_are_counted(house: House):
    house.deliver(house.comment("thank you"))
    house.task()
    machine = house.launched()
    machine.update(1, phase="running")
    house.clock.advance(90)
    machine.complete(2)
    with house.services.db.write() as connection:
        connection.exec_driver_sql(f"update runs set finished_at = '2026-01-02 03:05:35' where id = '{machine.run_id}'")  # noqa: S608
    told = scraped(house)
    assert told["porter_tasks", Status.QUEUED] == 1
    assert told["porter_tasks", Status.FAILED] == 0
    assert told["porter_deliveries_last_day", "ignored"] == 1
    assert (told["porter_run_seconds_bucket", "60.0"], told["porter_run_seconds_bucket", "120.0"]) == (0, 1)
    assert told["porter_run_seconds_gsum", ""] == 90


def test_notifications_that_wait_and_that_were_given_up_are_counted(house: House):
    db = house.services.db
    added = notifying.add(house.services, NewChannel("slack", "https://93.184.215.14/x"), by="maria")
    for _ in range(2):
        make_task(db, status=Status.FAILED, now=house.clock())
    notice = notices.claim(db, added.channel.id, now=house.clock())
    notices.settle(db, notice, State.FAILED, "410 Gone", now=house.clock())
    told = scraped(house)
    assert [told["porter_notifications", state] for state in State] == [1, 0, 1]


def test_while_redis_is_away_it_says_so_and_tells_the_rest(house: House):
    told = scraped(house)
    assert told["porter_redis_up", ""] == 0
    assert not any(name == "porter_queue_depth" for name, _ in told)
    assert ("porter_sweep_age_seconds", "") not in told


def test_the_age_of_the_last_sweep_is_told(house: House):
    row = {"at": house.clock().isoformat(), "leader": "a", "seconds": 0.1, "fault": "", "lately": []}
    settings.put(house.services.db, settings.PORTER, "sweep", row, by="porter", now=house.clock())
    house.clock.advance(40)
    assert scraped(house)["porter_sweep_age_seconds", ""] == 40


def test_in_production_it_asks_for_the_token(home: Path):
    house = build(home, DATABASE_URL=f"sqlite:///{home / 'porter.db'}", **PRODUCTION)
    try:
        assert house.client.get("/metrics").status_code == 401
        headers = {"Authorization": "Bearer t0ken"}
        assert house.client.get("/metrics", headers=headers).status_code == 200
    finally:
        house.services.db.close()
