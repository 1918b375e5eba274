"""Plays mails: each `.eml` as it came to kefu@hall.example, read in a process of its own. TKT-1."""

from typing import Any

from crm.parsing.apart import read_mail_apart
from crm.parsing.jobs import MailRead
from tests.world.corpus import Case

OWN = frozenset({"kefu@hall.example"})


def play(case: Case) -> dict[str, dict[str, Any]]:
    """What is understood of each; `same_as`: the first one that it is the same mail as."""
    known: dict[str, str] = {}
    read: dict[str, dict[str, Any]] = {}
    for path in case.inputs():
        mail = read_mail_apart(path.read_bytes(), path.name, OWN)
        read[path.name] = told(mail) | ({"same_as": known[mail.key]} if mail.key in known else {})
        known.setdefault(mail.key, path.name)
    return read


def told(mail: MailRead) -> dict[str, Any]:
    """What a person would see; what is empty is left out."""
    facts = {
        "sender": f"{mail.name} <{mail.sender}>".strip(),
        "subject": mail.subject,
        "words": mail.text.split("\n") if mail.text else [],
        "set_aside": mail.automatic,
        "number": mail.ticket,
        "answers": list(mail.thread),
        "files": [f"{file.name}: {file.media or 'not kept'}" for file in mail.files],
    }
    return {name: value for name, value in facts.items() if value}
