"""Mails to a real, strict mail server: by TLS, refused for good or for now, never half sent."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from jobs import notifying
from jobs.config import Config, MailTls
from jobs.errors import ConfigurationError
from jobs.notifying import NewChannel
from jobs.setting_kinds import BadSetting
from store.notices import State
from tests.jobs.notify_stage import House, done, last, near, sent
from tests.jobs.receivers import Papers, PostOffice, papers, post_office
from tests.jobs.stage import Stage

TEAM = "team@example.com"


def mailing(stage: House | Stage, office: PostOffice, **more: Any) -> str:
    """A channel that mails by this server; its id."""
    told = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_from": "Porter <porter@example.com>"}
    near(stage, **told | {"smtp_tls": MailTls.NONE} | more)
    return notifying.add(stage.services, NewChannel("email", TEAM), by="maria").channel.id


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Papers:
    made = papers(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.trusted))
    return made


def test_a_mail_goes_by_tls_with_a_password_and_says_what_became_of_the_task(stage: Stage, own):
    with post_office(own.server) as office:
        login = {"smtp_user": "porter", "smtp_password": SecretStr("a-password-of-mail")}
        channel = mailing(stage, office, smtp_tls=MailTls.STARTTLS, **login)
        task = done(stage)
        sent(stage)
    [mail] = office.mails
    assert office.was_private == [True]
    assert (mail["To"], mail["From"]) == (TEAM, "Porter <porter@example.com>")
    assert mail["Subject"].startswith(f"Pull request #{task.pr_number} is ready: acme/widgets#")
    assert f"/task?id={task.id}" in str(mail.get_payload(decode=True))
    assert (last(stage, channel).state, last(stage, channel).answer) == (State.SENT, "taken by the mail server")
    assert mail["Message-ID"] == f"<{last(stage, channel).id}@example.com>"


def test_nothing_is_said_to_a_server_that_cannot_prove_who_it_is(house: House, tmp_path: Path):
    with post_office(papers(tmp_path, "127.0.0.1").server) as office:
        channel = mailing(house, office, smtp_tls=MailTls.STARTTLS)
        house.ended()
        sent(house)
    assert office.mails == [] and not any(word.startswith(("AUTH", "MAIL")) for word in office.said)
    assert last(house, channel).state is State.PENDING
    assert "does not prove who it is" in last(house, channel).answer


def test_nothing_is_sent_in_the_open_to_a_server_without_tls(house: House):
    with post_office() as office:
        channel = mailing(house, office, smtp_tls=MailTls.STARTTLS)
        house.ended()
        sent(house)
    assert office.mails == [] and last(house, channel).state is State.PENDING


@pytest.mark.parametrize(("word", "reply", "state"), [
    ("RCPT", "550 no such mailbox", State.FAILED), ("RCPT", "450 try later", State.PENDING),
    ("MAIL", "421 too busy", State.PENDING), ("DATA", "554 no", State.FAILED),
])  # fmt: skip
def test_5xx_is_for_good_and_4xx_for_now(house: House, word, reply, state):
    with post_office() as office:
        office.replies = {word: reply}
        channel = mailing(house, office)
        house.ended()
        sent(house)
        assert (last(house, channel).state, last(house, channel).answer) == (state, f"the mail server said {reply}")
        office.replies = {}
        house.wait(60)
        sent(house)
    assert len(office.mails) == (1 if state is State.PENDING else 0)


def test_a_password_that_is_refused_is_said_without_it(house: House):
    with post_office() as office:
        office.replies = {"AUTH": "535 no"}
        channel = mailing(house, office, smtp_user="porter", smtp_password=SecretStr("a-password-of-mail"))
        house.ended()
        sent(house)
    assert "PORTER_SMTP_USER" in last(house, channel).answer
    assert "a-password" not in last(house, channel).answer


def test_a_server_that_is_away_is_tried_again(house: House):
    with post_office() as office:
        channel = mailing(house, office)
    house.ended()
    sent(house)
    assert last(house, channel).state is State.PENDING and "cannot be talked to" in last(house, channel).answer


@pytest.mark.parametrize("address", [
    "", "team", "team@", "@example.com", "team@example", "a b@example.com", "team@example.com\r\nBcc: eve@example.com",
    "team@example.com, eve@example.com", "Team <team@example.com>", "team@exam\u0440le.com", "a" * 65 + "@example.com",
    "team@[127.0.0.1]", "<team@example.com>", '"x y"@example.com',
])  # fmt: skip
def test_what_is_no_address_is_refused(house: House, address):
    near(house, smtp_host="127.0.0.1", smtp_from="porter@example.com")
    with pytest.raises(BadSetting, match="no e-mail address"):
        notifying.add(house.services, NewChannel("email", address), by="maria")


def test_without_a_mail_server_no_address_is_taken(house: House):
    with pytest.raises(BadSetting, match="PORTER_SMTP_HOST"):
        notifying.add(house.services, NewChannel("email", TEAM), by="maria")


@pytest.mark.parametrize(("told", "word"), [
    ({"PORTER_SMTP_HOST": "mail.example.com"}, "PORTER_SMTP_FROM"),
    ({"PORTER_SMTP_HOST": "mail.example.com", "PORTER_SMTP_FROM": "p@example.com", "PORTER_SMTP_TLS": "none"},
     "PORTER_SMTP_TLS"),
])  # fmt: skip
def test_a_configuration_that_would_mail_in_the_open_is_refused(told, word):
    with pytest.raises(ConfigurationError, match=word):
        Config.model_validate({"PORTER_VAULT_KEYS": "set"} | told).refuse_if_unsafe()
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
