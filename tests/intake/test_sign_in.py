"""Signing in with GitHub and out again: a browser, Porter and GitHub's stand-in, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs import roles, signing_in
from jobs.signing_in import COOKIE
from store import members, tables
from tests.signing_in import Place, opened


@pytest.fixture
def place(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Place]:
    database = tmp_path / "porter.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    with opened(tmp_path, database) as it:
        yield it


def test_somebody_signs_in_and_comes_to_where_they_wanted(place: Place) -> None:
    with place.browser() as browser:
        assert browser.get("/api/auth/me").status_code == 401
        answer = place.signed_in(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{place.url}/task?id=t1")
        cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        me = browser.get("/api/auth/me").json()
        assert (me["login"], me["admin"]) == ("maria", True)
        session = signing_in.who(place.services, browser.cookies[COOKIE])
        assert session is not None
        assert signing_in.readable(place.services, browser.cookies[COOKIE], session) == {"acme/widgets"}


def test_nothing_in_the_database_opens_anything_by_itself(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        with place.services.db.read() as connection:
            [row] = connection.execute(tables.browser_sessions.select()).mappings()
        assert browser.cookies[COOKIE] not in str(dict(row))
        assert "ghu_" not in str(dict(row))
        assert "ghr_" not in str(dict(row))


def test_the_question_to_github_is_bound_to_this_browser_and_asks_for_a_proof(place: Place) -> None:
    with place.browser() as browser, place.browser() as thief:
        asked = parse_qs(urlsplit(place.asked(browser)).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 40
        back = place.agreed(place.asked(browser), "maria")
        stolen = thief.get(back)
        assert stolen.status_code == 403
        assert "begun in another browser" in stolen.text
        assert browser.get(back).status_code == 303, "the theft did not use it up"
        assert browser.get(back).status_code == 403, "an answer is good once"
        assert place.rows() == 1


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?state=&code=", "?error=access_denied&state=x"])
def test_an_answer_that_nobody_asked_for_signs_nobody_in(place: Place, query: str) -> None:
    with place.browser() as browser:
        answer = browser.get(f"/api/auth/callback{query}")
        assert answer.status_code == 403
        assert "Sign in with GitHub" in answer.text
        assert place.rows() == 0


def test_who_comes_back_too_late_begins_again(place: Place) -> None:
    with place.browser() as browser:
        back = place.agreed(place.asked(browser), "maria")
        place.stage.clock.pass_by(minutes=11)
        assert "too long ago" in browser.get(back).text


def test_who_does_not_agree_is_told_that_nothing_happened(place: Place) -> None:
    with place.browser() as browser:
        answer = browser.get(place.agreed(place.asked(browser), "maria", answer="no"))
        assert "Nothing was stored" in answer.text


def test_another_sites_form_neither_begins_nor_ends_a_sign_in(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        for address in ("/api/auth/login", "/api/auth/logout"):
            for headers in (
                {"Origin": "https://evil.example"},
                {},
                {"Origin": place.url, "Sec-Fetch-Site": "cross-site"},
            ):
                assert browser.post(address, headers=headers).status_code == 403
        assert browser.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/review?id=1", "/review?id=1"), ("https://evil.example", "/"), ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"), ("/a\nb", "/"), ("/" + "x" * 3000, "/"), ("javascript:alert(1)", "/"),
    ],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_site(wanted: str, path: str) -> None:
    assert signing_in.path_of(wanted) == path


def test_signing_out_ends_it_in_every_browser_and_at_github(place: Place) -> None:
    with place.browser() as one, place.browser() as other, place.browser() as toms:
        place.signed_in(one), place.signed_in(other), place.signed_in(toms, "tom")
        old = one.cookies[COOKIE]
        tokens = [key for key, token in place.stage.world.tokens.items() if token.app is not None]
        assert len(tokens) == 3
        answer = one.post("/api/auth/logout", headers={"Origin": place.url})
        assert answer.headers["location"] == "/api/auth/sign-in?said=out"
        assert one.get("/api/auth/me").status_code == other.get("/api/auth/me").status_code == 401
        assert toms.get("/api/auth/me").json() == toms.get("/api/auth/me").json() | {"login": "tom", "admin": False}
        one.cookies[COOKIE] = old
        assert one.get("/api/auth/me").status_code == 401, "a copy of the cookie is worth nothing"
        left = [token for token in place.stage.world.tokens.values() if token.app is not None]
        assert [token.user.login for token in left if token.user] == ["tom"]


def test_a_role_counts_at_the_next_request(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser, "tom")
        seen = [browser.get("/api/auth/me").json()]
        for role in ("viewer", "admin"):
            roles.name(place.services, "TOM", role, by="maria")
            seen.append(browser.get("/api/auth/me").json())
        assert [(me["role"], me["admin"]) for me in seen] == [("member", False), ("viewer", False), ("admin", True)]


def test_whoever_is_sent_away_is_out_in_every_browser_and_at_github(place: Place) -> None:
    with place.browser() as one, place.browser() as other, place.browser() as marias:
        place.signed_in(one, "tom"), place.signed_in(other, "tom"), place.signed_in(marias)
        tom = members.find(place.services.db, "tom")
        assert tom is not None and tom.person_id is not None
        tokens = signing_in.send_away(place.services, tom.person_id, "tom", by="maria")
        assert one.get("/api/auth/me").status_code == other.get("/api/auth/me").status_code == 401
        assert marias.get("/api/auth/me").status_code == 200
        signing_in.revoke(place.services, tom.person_id, tokens)
        left = [token for token in place.stage.world.tokens.values() if token.app is not None]
        assert [token.user.login for token in left if token.user] == ["maria"]
        assert place.signed_in(one, "tom").status_code == 303, "to come back is no crime"


def test_a_session_ends_by_itself(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        place.stage.clock.pass_by(minutes=7 * 24 * 60 + 1)
        assert browser.get("/api/auth/me").status_code == 401


def test_what_one_may_read_is_asked_again_and_a_token_that_ends_is_renewed(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser, "tom")
        cookie, clock = browser.cookies[COOKIE], place.stage.clock
        session = signing_in.who(place.services, cookie)
        assert session is not None
        assert signing_in.readable(place.services, cookie, session) == {"acme/widgets"}
        place.stage.repository.private = True
        place.stage.repository.collaborators.clear()
        assert signing_in.readable(place.services, cookie, session) == {"acme/widgets"}, "for a minute it is remembered"
        clock.pass_by(minutes=2)
        assert signing_in.readable(place.services, cookie, session) == frozenset()
        place.stage.repository.collaborators["tom"] = "read"
        clock.pass_by(minutes=8 * 60)
        assert signing_in.readable(place.services, cookie, session) == {"acme/widgets"}, "with a fresh token"


def test_while_github_is_away_its_last_answer_counts_for_an_hour(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        cookie = browser.cookies[COOKIE]
        session = signing_in.who(place.services, cookie)
        assert session is not None
        signing_in.readable(place.services, cookie, session)
        for minutes, seen in ((30, {"acme/widgets"}), (40, frozenset())):
            place.stage.world.faults.clear()
            place.stage.world.faults.fail_next("GET", "/user/installations", 503, times=3)
            place.stage.clock.pass_by(minutes=minutes)
            assert signing_in.readable(place.services, cookie, session) == seen
        assert signing_in.who(place.services, cookie) == session, "being away ends no session"


def test_a_token_withdrawn_at_github_ends_every_session(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        cookie = browser.cookies[COOKIE]
        session = signing_in.who(place.services, cookie)
        assert session is not None
        place.stage.world.tokens.clear()
        assert signing_in.readable(place.services, cookie, session) == frozenset()
        assert signing_in.who(place.services, cookie) is None


def test_two_pages_that_renew_at_once_sign_nobody_out(place: Place) -> None:
    with place.browser() as browser:
        place.signed_in(browser)
        cookie = browser.cookies[COOKIE]
        session = signing_in.who(place.services, cookie)
        assert session is not None
        place.stage.clock.pass_by(minutes=8 * 60 + 1)
        seen: list[frozenset[str]] = []
        pages = [
            threading.Thread(target=lambda: seen.append(signing_in.readable(place.services, cookie, session)))
            for _ in range(2)
        ]
        for page in pages:
            page.start()
        for page in pages:
            page.join()
        assert {"acme/widgets"} in seen
        assert signing_in.who(place.services, cookie) == session


def test_production_says_what_a_sign_in_needs(place: Place) -> None:
    config = place.services.config
    assert config.signs_in
    assert (place.services.clock() + timedelta(days=7)).tzinfo is not None
    without = config.model_copy(update={"github_client_secret": None})
    with pytest.raises(Exception, match="GITHUB_CLIENT_SECRET"):
        without.refuse_if_unsafe()
    elsewhere = config.model_copy(update={"dashboard_url": "https://porter.example"})
    with pytest.raises(Exception, match="different hosts"):
        elsewhere.refuse_if_unsafe()
