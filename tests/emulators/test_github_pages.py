"""The pages: what a newcomer sees and does, and what a stranger cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from emulators.github import create_app
from emulators.github.pages import diff, markdown
from tests.emulators.github_stage import Stage, opened

REPO = "/acme/widgets"
HOME = {"Origin": "http://github.test"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


@pytest.fixture
def web(stage: Stage) -> Iterator[httpx.Client]:
    transport = httpx.WSGITransport(create_app(stage.world))
    with httpx.Client(transport=transport, base_url="http://github.test", headers=HOME) as client:
        yield client


def pull(stage: Stage) -> None:
    stage.world.add_issue(stage.repository, "maria", "Helo", "It says Helo.", ["bug"])
    stage.branch("porter/issue-1", {"src/main.py": 'print("Hello <you>")\n'})
    asked = {"title": "Say Hello", "head": "porter/issue-1", "base": "main", "body": "Closes #1"}
    stage.api.post("/repos/acme/widgets/pulls", headers=stage.token(), json=asked)


def test_a_newcomer_comments_and_the_app_hears_it(stage: Stage, web: httpx.Client) -> None:
    stage.world.add_issue(stage.repository, "maria", "Helo", "It says Helo.")
    sent = web.post(f"{REPO}/issues/1/comments", data={"who": "tom", "body": "@porter mock fix\r\nit"})
    assert sent.status_code == 303
    stage.heard()
    told = stage.receiver.payload("issue_comment.created")
    assert (told["comment"]["body"], told["sender"]["login"]) == ("@porter mock fix\nit", "tom")
    page = web.get(sent.headers["location"])
    assert f'id="issuecomment-{told["comment"]["id"]}"' in page.text


def test_the_moving_parts_of_a_page_show_what_the_app_does(stage: Stage, web: httpx.Client) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo", "It says Helo.")
    comment = stage.world.comment(issue, "maria", "@porter mock")
    before = web.get(f"{REPO}/issues/1?live=1").json()["thread"]
    stage.api.post(
        f"/repos/acme/widgets/issues/comments/{comment.id}/reactions", headers=stage.token(), json={"content": "eyes"}
    )
    stage.api.post(
        "/repos/acme/widgets/issues/1/comments",
        headers=stage.token(),
        json={"body": "**Queued** <!-- porter:task=1 --><img src=x onerror=alert(1)>"},
    )
    after = web.get(f"{REPO}/issues/1?live=1").json()["thread"]
    assert "👀" in after and "👀" not in before
    assert "<strong>Queued</strong>" in after
    assert '<span class="badge">bot</span>' in after
    assert "porter:task" not in after
    assert "<img" not in after and "&lt;img" in after


def test_an_issue_points_to_its_pull_request(stage: Stage, web: httpx.Client) -> None:
    pull(stage)
    assert f'href="{REPO}/pull/2"' in web.get(f"{REPO}/issues/1").text


def test_a_pull_request_shows_its_diff_and_is_merged_by_a_button(stage: Stage, web: httpx.Client) -> None:
    pull(stage)
    page = web.get(f"{REPO}/pull/2/files").text
    assert re.search(r'<tr class="add">.*print\(&#34;Hello &lt;you&gt;&#34;\)', page)
    assert "Merge as maria" in web.get(f"{REPO}/pull/2").text
    assert web.get(f"{REPO}/pull/2.diff").text.startswith("diff --git")
    assert web.post(f"{REPO}/pull/2/merge", data={"who": "eve"}).status_code == 403
    assert web.post(f"{REPO}/pull/2/merge", data={"who": "maria"}).status_code == 303
    assert stage.repository.issues[1].state == "closed"
    assert "Merged" in web.get(f"{REPO}/pull/2").text


def test_issues_are_opened_labelled_and_closed_by_hand(stage: Stage, web: httpx.Client) -> None:
    made = web.post(f"{REPO}/issues", data={"who": "maria", "title": "New", "body": "", "labels": ["bug"]})
    assert made.headers["location"] == f"{REPO}/issues/1"
    assert web.post(f"{REPO}/issues/1/labels", data={"who": "maria", "label": "bug"}).status_code == 303
    assert web.post(f"{REPO}/issues/1/state", data={"who": "maria", "state": "closed"}).status_code == 303
    assert stage.repository.issues[1].labels == []
    assert "1 closed" in web.get(f"{REPO}/issues").text
    assert {"issues.opened", "issues.labeled", "issues.unlabeled", "issues.closed"} <= set(stage.heard())


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.test"}, id="another-origin"),
        pytest.param({"Origin": "null"}, id="a-sandbox"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="fetch-metadata"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="another-port"),
        pytest.param({"Host": "evil.test", "Origin": "http://evil.test"}, id="rebound-name"),
    ],
)
def test_another_site_cannot_use_the_forms(stage: Stage, web: httpx.Client, headers: dict[str, str]) -> None:
    stage.world.add_issue(stage.repository, "maria", "Helo")
    answer = web.post(f"{REPO}/issues/1/comments", data={"who": "maria", "body": "x"}, headers=headers)
    assert answer.status_code == 403
    assert stage.repository.issues[1].comments == []


def test_a_form_from_nowhere_is_refused(stage: Stage, web: httpx.Client) -> None:
    del web.headers["Origin"]
    assert web.post(f"{REPO}/issues", data={"who": "maria", "title": "x"}).status_code == 403


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"body": "x"}, id="nobody"),
        pytest.param({"who": "porter[bot]", "body": "x"}, id="a-bot"),
        pytest.param({"who": "maria"}, id="no-words"),
        pytest.param({"who": "maria", "body": "  "}, id="blank"),
        pytest.param({"who": "maria", "body": "x" * 70_000}, id="too-much"),
    ],
)
def test_a_bad_form_is_answered_with_a_sentence(stage: Stage, web: httpx.Client, data: dict[str, str]) -> None:
    stage.world.add_issue(stage.repository, "maria", "Helo")
    answer = web.post(f"{REPO}/issues/1/comments", data=data, headers={"Accept": "text/plain"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/plain")
    assert 10 < len(answer.text) < 120


@pytest.mark.parametrize(
    "path",
    [
        "/",
        REPO,
        f"{REPO}/blob/main/src/main.py",
        f"{REPO}/tree/main/src",
        f"{REPO}/tree/porter/issue-1",
        f"{REPO}/issues",
        f"{REPO}/issues/new",
        f"{REPO}/issues/1",
        f"{REPO}/pulls?state=closed",
        f"{REPO}/pull/2",
        "/-/deliveries",
    ],
)
def test_every_page_stands_alone_and_says_what_it_is(stage: Stage, web: httpx.Client, path: str) -> None:
    pull(stage)
    page = web.get(path)
    assert page.status_code == 200
    assert "This is an emulator" in page.text
    outside = [one for one in re.findall(r'(?:src|href)="(https?:[^"]+)"', page.text) if "github.test" not in one]
    assert outside == []
    assert not re.search(r"<script(?! src)|\sstyle=|\son\w+=", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_what_is_not_there_is_a_plain_404(web: httpx.Client) -> None:
    for path in (
        "/nobody/nothing",
        f"{REPO}/issues/99",
        f"{REPO}/blob/main/nope",
        f"{REPO}/blob/main/../../x",
        "/-/avatars/1",
    ):
        assert web.get(path).status_code == 404


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("a <!-- b --> c", "<p>a  c</p>\n", id="marker"),
        pytest.param("<!-- porter:task=1\nx -->\n\nhi", "\n<p>hi</p>\n", id="marker-block"),
        pytest.param("<b onclick=x>", "&lt;b onclick=x&gt;", id="tag-with-attribute"),
        pytest.param("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n", id="script-link"),
        pytest.param("see #12", '<p>see <a href="/a/b/issues/12">#12</a></p>\n', id="number"),
        pytest.param(
            "![p](http://x.test/i.png)", '<p><a href="http://x.test/i.png" rel="noreferrer">p</a></p>\n', id="image"
        ),
        pytest.param("`#1 <i>`", "<p><code>#1 &lt;i&gt;</code></p>\n", id="code"),
    ],
)
def test_markdown_is_safe(text: str, html: str) -> None:
    assert str(markdown.rendered(text, "a/b")) == html


def test_a_patch_becomes_numbered_rows() -> None:
    rows = diff.rows("@@ -1,2 +1,2 @@ def f\n same\n-old\n+new\n\\ No newline at end of file")
    assert [(row.kind, row.old, row.new) for row in rows] == [
        ("hunk", None, None),
        ("same", 1, 1),
        ("del", 2, None),
        ("add", None, 2),
        ("note", None, None),
    ]
