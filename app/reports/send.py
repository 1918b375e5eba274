"""The way of a report to people (adapter): by apprise to mail, WeCom, DingTalk, Feishu and others. RPT-3."""

import logging
from pathlib import Path

import apprise

from app.reports.delivery import Send, SendFailed


def sender(url: str) -> Send:
    """How to reach an address. What goes wrong is told without the address: it holds a password."""

    def send(title: str, text: str, files: list[Path]) -> None:
        reached = apprise.Apprise()
        if not reached.add(url):
            raise SendFailed("the address is none that apprise understands")
        attachments = apprise.AppriseAttachment([str(file) for file in files])
        takes_files = all(service.attachment_support for service in reached)
        heard = _Heard()
        logger = logging.getLogger("apprise")
        logger.addHandler(heard)
        try:
            done = reached.notify(body=text, title=title, attach=attachments if takes_files and files else None)
        finally:
            logger.removeHandler(heard)
        if not done:
            raise SendFailed(heard.last or "the service did not take it")

    return send


class _Heard(logging.Handler):
    """Remembers what the library complained of last."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()[:200]
