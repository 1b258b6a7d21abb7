"""Which mailer the settings ask for."""

from __future__ import annotations

from pathlib import Path

from newsletter.deliver.mailer import Mailer
from newsletter.errors import UsageError
from newsletter.models import DeliverSettings, SmtpSettings


def mailer_for(smtp: SmtpSettings | None, how: DeliverSettings) -> Mailer:
    """Return what hands mail over: a folder or a command where one is named, else the server.

    UsageError where neither is.
    """
    if how.maildir or how.file:
        from newsletter.deliver.folders import FileMailer, MaildirMailer  # noqa: PLC0415 - most mail goes by SMTP

        return MaildirMailer(Path(how.maildir)) if how.maildir else FileMailer(Path(how.file))
    if how.sendmail:
        from newsletter.deliver.sendmail import SendmailMailer  # noqa: PLC0415

        return SendmailMailer(how.sendmail)
    if smtp is None:
        raise UsageError("nothing says how mail leaves: add smtp with host, username and password")
    from newsletter.deliver.smtp import SmtpMailer  # noqa: PLC0415

    return SmtpMailer(smtp)
