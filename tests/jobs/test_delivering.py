"""Notices arrive: signed, in words, retried, never doubled; whatever dies or is lost on the way."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from jobs import bootstrap, held, notifying, stop
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.notify.delivering import PAUSES, send_due
from jobs.notifying import NewChannel
from jobs.sweep import Sweep
from store import migrate, notices, vault
from store.lifecycle import Status
from store.notices import LEASE, Notice, State
from tests.builders import make_task
from tests.jobs.held_stage import near_git, parked
from tests.jobs.notify_stage import House, done, is_signed, last, near, sent, webhook
from tests.jobs.receivers import Receiver, receiving
from tests.jobs.stage import Stage
from tests.racing import failures, race

ROOT = Path(__file__).parent.parent.parent
KEYS = "v1:" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def channel(house: House, receiver: Receiver) -> str:
    return webhook(house, receiver)


def heard(receiver: Receiver) -> list[tuple[str, str]]:
    """Event and id of what arrived."""
    return [(headers["X-Porter-Event"], headers["X-Porter-Delivery"]) for _, headers, _ in receiver.heard]


def test_a_pull_request_is_told_of_with_all_that_a_receiver_needs(stage: Stage, receiver):
    channel = webhook(near(stage), receiver)
    task = done(stage)
    sent(stage)
    [(path, headers, body)] = receiver.heard
    said = json.loads(body)
    assert path == "/hook" and is_signed(headers, body)
    assert not is_signed(headers, body + b" ") and not is_signed(headers, body, "another-secret")
    assert (headers["X-Porter-Event"], headers["X-Porter-Delivery"]) == ("pull_request", said["id"])
    assert (
        said["text"] == f"Pull request #{task.pr_number} is ready: acme/widgets#{task.issue_number} {task.issue_title}"
    )
    assert said["task"]["url"] == f"http://127.0.0.1:8501/task?id={task.id}"
    assert (said["task"]["pr_url"], said["task"]["cost_usd"]) == (task.pr_url, 0.25)
    assert (last(stage, channel).state, last(stage, channel).answer) == (State.SENT, "200 OK")
    sent(stage)
    assert len(receiver.heard) == 1


def test_a_failure_says_why_and_what_to_do(stage: Stage, receiver):
    webhook(near(stage), receiver)
    done(stage, push=False, ending="auth", message="the key for Anthropic was refused (401)", pushed=False)
    sent(stage)
    said = json.loads(receiver.heard[0][2])
    assert (said["event"], said["task"]["reason"]) == ("failed", "auth")
    assert said["task"]["message"] == "the key for Anthropic was refused (401)"


def test_a_change_that_waits_for_approval_is_told_of_and_then_its_end(stage: Stage, receiver, tmp_path: Path):
    webhook(near(near_git(stage)), receiver)
    task = parked(stage, tmp_path)
    sent(stage)
    held.reject(stage.services, task.id, by="tom")
    stop.stop(stage.services, task.run_id)
    sent(stage)
    assert [event for event, _ in heard(receiver)][:1] == ["needs_you"]
    assert "waits for a person" in json.loads(receiver.heard[0][2])["task"]["message"]
    assert len({key for _, key in heard(receiver)}) == len(receiver.heard) == 2


def test_what_is_said_holds_no_secret_that_porter_knows(house: House, channel, receiver):
    db, now = house.services.db, house.clock()
    vault.put(db, house.services.vault, "global", "OPENAI_API_KEY", "sk-live-canary-0123456789", by="maria", now=now)
    house.ended(issue_title="it printed sk-live-canary-0123456789")
    sent(house)
    assert b"canary" not in receiver.heard[0][2] and b"***" in receiver.heard[0][2]


def test_what_does_not_arrive_is_tried_again_with_the_same_id_and_later_arrives(house: House, channel, receiver):
    receiver.answers = [(503, {}, b"not now"), (500, {}, b""), (200, {}, b"")]
    house.ended()
    sent(house)
    assert (last(house, channel).state, last(house, channel).answer) == (
        State.PENDING,
        "503 Service Unavailable: not now",
    )
    sent(house)
    assert len(receiver.heard) == 1  # it is not time
    house.wait(PAUSES[0].total_seconds())
    sent(house)
    house.wait(PAUSES[1].total_seconds())
    sent(house)
    assert len(receiver.heard) == 3 and len(set(heard(receiver))) == 1
    assert all(is_signed(headers, body) for _, headers, body in receiver.heard)
    assert last(house, channel).state is State.SENT


def test_what_never_arrives_is_given_up_with_the_last_answer(house: House, channel, receiver):
    receiver.answers = [(502, {}, b"")]
    house.ended()
    for _ in range(14):
        send_due(house.services, channel)
        house.wait(3600)
    assert len(receiver.heard) == len(PAUSES) + 1
    assert (last(house, channel).state, last(house, channel).answer) == (State.FAILED, "502 Bad Gateway")


def test_who_is_gone_is_not_asked_again(house: House, channel, receiver):
    receiver.answers = [(410, {}, b"no_service")]
    house.ended()
    sent(house)
    house.wait(86_400)
    sent(house)
    assert len(receiver.heard) == 1
    assert (last(house, channel).state, last(house, channel).answer) == (State.FAILED, "410 Gone: no_service")


def test_a_receiver_that_asks_to_wait_is_left_alone_so_long(house: House, channel, receiver):
    receiver.answers = [(429, {"Retry-After": "1800"}, b""), (200, {}, b"")]
    house.ended()
    sent(house)
    house.wait(1799)
    house.ended()
    sent(house)
    assert len(receiver.heard) == 1  # nor is it told anything else
    house.wait(2)
    sent(house)
    assert len(receiver.heard) == 3


def test_a_receiver_that_is_down_is_not_asked_for_each_of_many(house: House, channel, receiver):
    receiver.answers = [(503, {}, b"")]
    for _ in range(5):
        house.ended()
    sent(house)
    assert len(receiver.heard) == 1
    house.wait(60)
    receiver.answers = [(200, {}, b"")]
    sent(house)
    assert len(set(heard(receiver))) == 5


def test_what_a_receiver_says_back_of_its_own_address_is_not_kept(house: House, receiver):
    token = "T0SECRETPARTOFTHEPATH00"
    channel = webhook(house, receiver, f"/services/{token}?key=anothersecretpart")
    receiver.answers = [(404, {}, f"no route for /services/{token}?key=anothersecretpart".encode())]
    house.ended()
    sent(house)
    answer = last(house, channel).answer
    assert answer.startswith("404 Not Found: no route for") and token not in answer and "anothersecret" not in answer


def test_two_workers_send_one(house: House, channel, receiver):
    house.ended()
    done = race(*[lambda: send_due(house.services, channel)] * 5)
    assert failures(done) == [] and len(receiver.heard) == 1


def test_what_redis_forgot_the_sweep_finds(house: House, channel):
    house.ended()
    sweep, redis = Sweep(house.services), house.services.queues.redis
    sweep.quick()
    redis.flushall()
    house.wait(3)
    sweep.quick()
    [job] = [job for job in Queue("low", connection=redis, serializer=JSONSerializer).get_jobs() if "notify" in job.id]
    assert job.description == f"notify {channel}"


def test_a_channel_that_is_removed_is_told_nothing_more(house: House, channel, receiver):
    house.ended()
    assert notifying.remove(house.services, channel, by="maria")
    send_due(house.services, channel)
    sent(house)
    assert receiver.heard == []


def test_a_notice_whose_workers_die_again_and_again_is_given_up(house: House, channel, receiver):
    house.ended()
    for _ in range(len(PAUSES) + 1):
        assert notices.claim(house.services.db, channel, now=house.clock()) is not None
        house.wait(LEASE.total_seconds())
    send_due(house.services, channel)
    assert (last(house, channel).state, receiver.heard) == (State.FAILED, [])


def test_a_test_is_sent_once_by_the_way_that_all_else_goes(house: House, channel, receiver):
    receiver.answers = [(500, {}, b"")]
    notifying.try_out(house.services, channel, by="maria")
    sent(house)
    house.wait(86_400)
    sent(house)
    assert [event for event, _ in heard(receiver)] == ["test"]
    assert json.loads(receiver.heard[0][2])["task"] is None
    assert last(house, channel).state is State.FAILED


def test_a_worker_that_is_killed_after_the_receiver_heard_it_repeats_the_same_delivery(tmp_path: Path, receiver):
    told = {"PORTER_DATA_DIR": str(tmp_path), "PORTER_VAULT_KEYS": KEYS, "PORTER_NOTIFY_NETWORKS": "127.0.0.0/8"}
    services = bootstrap.build(Config.model_validate(told))
    migrate.upgrade(services.config.database)
    channel = notifying.add(services, NewChannel("webhook", f"{receiver.url}/x"), by="maria").channel.id
    make_task(services.db, status=Status.FAILED)
    receiver.before = lambda: os.kill(worker.pid, signal.SIGKILL)
    argv = [sys.executable, "-c", "import sys; from jobs import work; work.notify(sys.argv[1])", channel]
    worker = subprocess.Popen(argv, cwd=ROOT, env={"PATH": os.environ["PATH"]} | told)
    assert worker.wait(100) == -signal.SIGKILL
    receiver.before = lambda: None
    assert len(receiver.heard) == 1 and last_of(services, channel).state is State.PENDING
    send_due(services, channel)
    assert len(receiver.heard) == 1  # whoever died still holds it
    later = replace(services, clock=lambda: services.clock() + LEASE)
    send_due(later, channel)
    assert len(receiver.heard) == 2 and len(set(heard(receiver))) == 1
    assert last_of(services, channel).state is State.SENT
    services.db.close()


def last_of(services: Services, channel_id: str) -> Notice:
    return notices.last(services.db)[channel_id]
