"""A message about a ticket as a mail of ours, so that an answer finds the ticket (adapter: SMTP by apprise). TKT-1.

Its Message-ID and token are those of its row in the outbox, made before it is sent: sent twice, it is the same mail.
The URL of the route says how: apprise reads it, and its connection sends; only the mail itself is written here.
"""

import smtplib
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Final

from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.email.smtp import AppriseSMTPController

from config.service.channels import Mail
from crm.outbox.model import OutboxRow

_FAULTS: Final = (OSError, smtplib.SMTPException, RuntimeError, AppriseImproperlyConfigured)


def send_mail(way: NotifyEmail, message: OutboxRow, mail: Mail, at: datetime) -> bool:
    """Whether all recipients of the route have it; blocking, for a thread."""
    name, sender = str(way.from_addr[0] or ""), str(way.from_addr[1])
    recipients = [address for _, address in way.targets]
    try:
        with AppriseSMTPController(
            host=way.smtp_host,
            port=int(way.port or 0),
            secure_mode=str(way.secure_mode),
            user=way.user,
            password=way.password,
            verify_certificate=way.verify_certificate,
            socket_connect_timeout=int(way.socket_connect_timeout),
        ) as connection:
            written = letter_of(message, mail, sender=sender, name=name, to=recipients, at=at)
            return bool(connection.sendmail(sender, recipients, written.as_string()))
    except _FAULTS:
        return False


def letter_of(message: OutboxRow, mail: Mail, *, sender: str, name: str, to: list[str], at: datetime) -> EmailMessage:
    """The mail. Where it is answered to carries the token too, if the mailbox takes addresses with a part of their own
    (`kefu+…@example.cn`)."""
    here, _, host = mail.reply_address.rpartition("@")
    letter = EmailMessage()
    letter["From"] = formataddr((name, sender))
    letter["To"] = ", ".join(to)
    letter["Subject"] = f"{message.title} [#{message.token}]"
    if here:
        letter["Reply-To"] = f"{here}+{message.token}@{host}" if mail.subaddresses else mail.reply_address
    letter["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2] or host}>"
    letter["Date"] = format_datetime(at)
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: machines shall not answer
    letter.set_content(message.text)
    return letter
