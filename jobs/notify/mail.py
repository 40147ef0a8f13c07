"""Hands a mail to the operator's mail server: by TLS, or not at all."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from jobs.config import Config, MailTls
from jobs.notify.errors import Refused, Unreachable

SECONDS = 10.0  # for each step of the conversation


def send(config: Config, message: EmailMessage) -> str:
    """What the server said when it took it. Raises Unreachable, Refused."""
    if not config.sends_mail:
        raise Unreachable("there is no mail server: PORTER_SMTP_HOST is not set")
    try:
        with _connected(config) as server:
            if config.smtp_user and config.smtp_password:
                server.login(config.smtp_user, config.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        [(code, words)] = error.recipients.values()
        raise _of(code, words) from None
    except smtplib.SMTPAuthenticationError:
        raise Unreachable("the mail server refused Porter's name or password (PORTER_SMTP_USER)") from None
    except smtplib.SMTPResponseException as error:
        raise _of(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Unreachable(f"the mail server cannot do what is asked of it: {error}") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"the mail server does not prove who it is: {error.verify_message}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"the mail server cannot be talked to: {str(error)[:200] or type(error).__name__}") from None
    return "taken by the mail server"


def _connected(config: Config) -> smtplib.SMTP:
    host, port = config.smtp_host or "", config.smtp_port
    if config.smtp_tls is MailTls.TLS:
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    if config.smtp_tls is MailTls.STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _of(code: int, words: bytes | str) -> Refused | Unreachable:
    """5xx is for good, 4xx for now: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    text = f"the mail server said {code} {' '.join(said.split())[:200]}"
    return Refused(text) if 500 <= code < 600 else Unreachable(text)
