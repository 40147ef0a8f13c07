"""What goes over the wire: the webhook's JSON and its signature, Slack's JSON, a mail. Pure.

docs/notifications.md tells a receiver how to check the signature.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from jobs.cleaning import one_line
from jobs.notify.words import Telling
from store.notices import Notice

_KINDS = {"Content-Type": "application/json; charset=utf-8"}


def webhook(
    notice: Notice, facts: Mapping[str, Any], told: Telling, *, secret: str, url: str, now: datetime
) -> tuple[dict[str, str], bytes]:
    """Headers and body. `url`: the task's page; the signature is over the time, a full stop and the body as it is."""
    task = {"url": url, **facts} if notice.task_id else None
    said = {"id": notice.id, "event": notice.event, "at": notice.at.isoformat(), "text": told.subject, "task": task}
    body = json.dumps(said, ensure_ascii=False).encode()
    at = str(int(now.timestamp()))
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    headers = {
        "X-Porter-Delivery": notice.id,
        "X-Porter-Event": notice.event.value,
        "X-Porter-Timestamp": at,
        "X-Porter-Signature-256": f"sha256={signature}",
    }
    return _KINDS | headers, body


def slack(told: Telling) -> tuple[dict[str, str], bytes]:
    """Headers and body of an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    return dict(_KINDS), json.dumps({"text": told.slack}, ensure_ascii=False).encode()


def mail(notice: Notice, told: Telling, *, sender: str, to: str) -> EmailMessage:
    """The mail. Its id follows from the notice's, so a mail program shows one that came twice once."""
    domain = sender.rpartition("@")[2].strip("> ")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, one_line(told.subject, 200)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.task_id:
        message["References"] = f"<task-{notice.task_id}@{domain}>"
    # https://www.rfc-editor.org/rfc/rfc3834: so that nobody's holiday answers it
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(told.text + "\n")
    return message
