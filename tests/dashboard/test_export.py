"""The file of History: whole, streamed, of what the reader may see, and harmless to a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest

from dashboard.export import COLUMNS, Export, cells, harmless, texts
from dashboard.past import WantedHistory
from store.database import Database
from store.history import Sought
from store.lifecycle import Status
from tests.builders import NOW, make_task

EMBEDDED = SimpleNamespace(signs_in=False)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"]


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def ask(db, query="", *, path="/history.csv", method="GET", leaves=False):
    """What the middleware sends, in an event loop of its own thread: the browser's tests keep one in this one."""
    sent = []

    async def inside(_scope, _receive, send):
        await send({"type": "inside"})

    async def receive():
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        await asyncio.sleep(0)

    scope = {"type": "http", "path": path, "method": method, "query_string": query.encode(), "headers": []}
    app = Export(inside, lambda: SimpleNamespace(db=db, config=EMBEDDED))
    with ThreadPoolExecutor(1) as one:
        one.submit(lambda: asyncio.run(app(scope, receive, send))).result(60)
    return sent


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_be_a_formula_is_text(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "Überall", "https://github.com/acme/a/pull/1"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_every_task_is_in_the_file_once_page_by_page(db):
    made = [
        make_task(db, now=NOW + timedelta(seconds=n % 3), issue_title=f'says "{n}",\nand more').id for n in range(7)
    ]
    parts = list(texts(db, Sought(), limit=3))
    rows = read("".join(parts))
    assert len(parts) == 3
    assert sorted(row["task"] for row in rows) == sorted(made)
    assert {row["title"] for row in rows} == {f'says "{n}",\nand more' for n in range(7)}


def test_what_is_not_known_is_empty_and_nothing_costs_nothing(db):
    unknown = dict(zip(COLUMNS, cells(make_task(db)), strict=True))
    assert (unknown["cost in US dollars"], unknown["finished"], unknown["result"]) == ("", "", "queued")
    free = dict(zip(COLUMNS, cells(make_task(db, status=Status.FAILED, cost_usd=0.0, additions=-3)), strict=True))
    assert (free["cost in US dollars"], free["result"], free["additions"]) == ("0.0", "failed", "-3")


def test_a_reader_gets_only_what_they_may_see(db):
    make_task(db, repository="acme/secret")
    mine = make_task(db, repository="acme/mine")
    sought = WantedHistory().sought(frozenset({"acme/mine"}))
    assert [row["task"] for row in read("".join(texts(db, sought)))] == [mine.id]
    assert read("".join(texts(db, WantedHistory(repository="acme/secret").sought(frozenset({"acme/mine"}))))) == []


def test_the_file_is_streamed_for_the_filter_in_the_address(db):
    wanted = make_task(db, repository="acme/a", status=Status.FAILED, issue_title="=cmd()")
    make_task(db, repository="acme/b", status=Status.FAILED)
    start, *bodies = ask(db, "repository=acme%2Fa&result=failed")
    assert start["status"] == 200
    assert (b"content-type", b"text/csv; charset=utf-8") in start["headers"]
    [row] = read(b"".join(body["body"] for body in bodies).decode())
    assert (row["task"], row["title"]) == (wanted.id, "'=cmd()")
    assert not bodies[-1].get("more_body")


def test_other_addresses_are_the_pages(db):
    assert ask(db, path="/history") == [{"type": "inside"}]
    assert ask(db, method="POST") == [{"type": "inside"}]


def test_a_reader_who_left_gets_no_more(db):
    for _ in range(3):
        make_task(db)
    assert len(ask(db, leaves=True)) <= 3


def test_a_database_that_is_away_is_a_sentence(tmp_path):
    away = Database(f"sqlite:///{tmp_path / 'no' / 'porter.db'}")
    start, body = ask(away)
    assert start["status"] == 503
    assert b"Try again in a moment" in body["body"]
