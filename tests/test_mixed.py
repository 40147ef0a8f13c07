"""A hundred deliveries of all kinds in random order, some twice, some twice at once: one task, one comment, one pull
request for each command that people gave."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulators.github import acts
from emulators.github.model import Comment, Issue
from jobs import comments
from jobs.labels import FITTING, Label
from jobs.sweep import Sweep
from store import requests
from store.database import Database
from store.lifecycle import Outcome
from store.records import Task
from tests import whole
from tests.emulators.github_stage import FastClock
from tests.whole import Whole

SPEED = 30  # of Porter's and GitHub's clock
WORKERS, SENDERS = 3, 4
PATIENCE = 90  # seconds
Delivery = tuple[dict[str, str], bytes]


@dataclass
class People:
    """What people did, and what must come of it."""

    commanded: list[int]  # ids of comments that order work
    labelled: list[Issue]
    asked: int  # replies to control commands and mistakes
    strangers: list[Issue]


@pytest.fixture
def porter(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whole]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    with whole.opened(tmp_path, database, monkeypatch, FastClock(SPEED)) as opened:
        opened.settle()
        yield opened
    database.close()


@pytest.mark.timeout(180)
def test_a_hundred_mixed_deliveries_make_one_of_each(porter: Whole):
    seed = int(os.environ.get("PORTER_SEED") or secrets.randbits(32))
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    dice = random.Random(seed)  # noqa: S311
    people, deliveries = live(porter, dice)
    assert len(deliveries) == 100
    with at_work(porter) as failures:
        send(porter, shuffled(deliveries, dice))
        wait_until(lambda: is_settled(porter), failures)
        check(porter, people)
        before = len(porter.stage.github.world.calls)
        send(porter, deliveries)
        wait_until(lambda: is_settled(porter), failures)
    check(porter, people)
    assert not failures
    assert not [one for one in porter.stage.github.world.calls if one.status in (403, 429)], "GitHub had to say: slower"
    writes = [one for one in list(porter.stage.github.world.calls)[before:] if one.method != "GET"]
    assert not writes, "deliveries that were heard before made Porter write"


def live(porter: Whole, dice: random.Random) -> tuple[People, list[Delivery]]:
    """People work on GitHub for a while; GitHub's deliveries about it are kept back."""
    stage = porter.stage
    world, repository, receiver = stage.github.world, stage.github.repository, stage.github.receiver
    receiver.behind = None
    receiver.got.clear()
    issues = [world.add_issue(repository, dice.choice(("maria", "tom")), f"Issue {n}") for n in range(30)]
    ordered, labelled, talked = issues[:15], issues[15:22], issues[22:]
    commanded = [world.comment(one, dice.choice(("maria", "tom")), "@porter mock mend it").id for one in ordered]
    commanded += [world.comment(one, "maria", "@porter\nmend that as well").id for one in ordered[:5]]
    for one in labelled:
        acts.add_labels(world, one, world.person("maria"), ["porter:mock"])
    controls = [
        "@porter help",
        "@porter status",
        "@porter stop",
        "@porter claude-cod fix it",
        "@porter mock --nonsense",
    ]
    for n in range(10):
        world.comment(dice.choice(talked[3:]), "maria", controls[n % len(controls)])
    for one in talked[:3]:
        world.comment(one, "eve", "@porter mock let me in")
    for one in talked[3:]:
        made = world.comment(one, "tom", "Is it not @porter that mends such things?")
        acts.edit_comment(world, made, world.person("tom"), "@porter mock mend it")
        acts.add_labels(world, one, world.person("tom"), ["bug"])
    while porter.settle() or len(receiver.got) < 100:
        world.comment(dice.choice(issues), "tom", dice.choice(["+1", "> @porter mock fix it\n\nNo.", "`@porter stop`"]))
    kept = list(receiver.got)
    receiver.behind = porter
    return People(commanded, labelled, 10, talked[:3]), kept


def shuffled(deliveries: list[Delivery], dice: random.Random) -> list[Delivery]:
    """In any order, a third of them twice, some of these one right after the other and so at once."""
    twice = dice.sample(deliveries, 35)
    mixed = [*deliveries, *twice[:20]]
    dice.shuffle(mixed)
    for one in twice[20:]:
        mixed.insert(mixed.index(one), one)
    return mixed


def send(porter: Whole, deliveries: list[Delivery]) -> None:
    """Several senders at once, each taking the next one."""
    waiting, lock = iter(deliveries), threading.Lock()

    def work() -> None:
        client = porter.intake.test_client()
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                return
            headers, body = one
            answer = client.post("/api/webhooks/github", data=body, headers=headers)
            assert answer.status_code in (200, 202), answer.get_data(as_text=True)

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


@contextmanager
def at_work(porter: Whole) -> Iterator[list[BaseException]]:
    """Workers, a sweep and machines, until the block ends; what went wrong in any of them."""
    failures: list[BaseException] = []
    over = threading.Event()
    sweep = Sweep(porter.stage.services)

    def sweeping() -> None:
        sweep.quick()
        sweep.slow()

    def for_ever(step: Callable[[], object], pause: float) -> None:
        while not over.is_set():
            try:
                if not step():
                    over.wait(pause)
            except BaseException as error:
                failures.append(error)
                return

    steps = [(porter.work_once, 0.02)] * WORKERS + [(sweeping, 0.2), (porter.let_machines_finish, 0.1)]
    threads = [threading.Thread(target=for_ever, args=step) for step in steps]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        over.set()
        for thread in threads:
            thread.join()


def wait_until(done: Callable[[], bool], failures: list[BaseException]) -> None:
    ends = time.monotonic() + PATIENCE
    while not done():
        assert not failures, failures
        assert time.monotonic() < ends, "it did not come to rest"
        time.sleep(0.1)


def is_settled(porter: Whole) -> bool:
    """Nothing is at work, and nothing is left to say."""
    db, clock = porter.stage.services.db, porter.stage.clock
    if requests.due(db, now=clock()) or not porter.stage.github.world.webhooks.settle(0):
        return False
    return all(not task.is_live and _is_told(task) for task in porter.tasks())


def _is_told(task: Task) -> bool:
    labelled = task.label_shown in FITTING[task.status] or task.reason == "not_permitted"
    return task.comment_version >= task.version and labelled


def check(porter: Whole, people: People) -> None:
    found = porter.tasks()
    worked = [task for task in found if task.reason != "not_permitted"]
    by_comment = Counter(task.comment_id for task in worked if task.comment_id)
    assert by_comment == Counter(people.commanded)
    by_issue = Counter(task.issue_number for task in worked if task.comment_id is None)
    assert by_issue == Counter(one.number for one in people.labelled)
    assert {task.outcome for task in worked} == {Outcome.PULL_REQUEST}
    assert len({task.pr_number for task in worked}) == len(porter.stage.pulls()) == len(worked)
    comments_of_porter = _everything_porter_said(porter)
    said = [one.body for one in comments_of_porter]
    marked = Counter((one.issue.number, one.body.rstrip().rpartition("\n")[2]) for one in comments_of_porter)
    assert set(marked.values()) == {1}, "something was said twice"
    for task in worked:
        assert sum(body.endswith(comments.marker(task.id)) for body in said) == 1
    assert sum("porter:request=" in body for body in said) == people.asked
    refused = [one for one in people.strangers if any("porter:refused" in body.body for body in one.comments)]
    assert refused == people.strangers
    for number in {task.issue_number for task in worked}:
        labels = {label.name for label in porter.stage.github.repository.issues[number].labels}
        assert labels & set(Label) == {Label.DONE}


def _everything_porter_said(porter: Whole) -> list[Comment]:
    issues = porter.stage.github.repository.issues.values()
    return [one for issue in issues for one in issue.comments if one.actor.app is not None]
