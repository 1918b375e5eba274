"""Everybody of the site can log in (flow): accounts at the start, first passwords, handed out once. ACC-1, ACC-2."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from config.ids import AgentId
from config.paths import DataDir
from config.schema import Site
from config.words import two_lines
from crm.db.store import Store
from crm.errors import StoreAway
from crm.use_cases.accounts.passwords import FirstPassword
from crm.use_cases.accounts.people import enrol_site
from ivr.pbx.private_files import write_private

log = logging.getLogger(__name__)

Say = Callable[[str], None]

RETRY_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Who gets accounts, where, and what becomes of it. `shut_out`: signs somebody off who has no rights any more."""

    store: Store
    site: Site
    data: DataDir
    shut_out: Callable[[AgentId], None]
    say: Say


async def keep_enrolling(enrolment: Enrolment) -> None:
    """Until it is done once: the store may be away at the start (design D5)."""
    while True:
        if await _enrolled(enrolment):
            return
        await asyncio.sleep(RETRY_S)


async def _enrolled(enrolment: Enrolment) -> bool:
    """A fault here is no caller's: it is told, and tried again."""
    try:
        return await enrol_people(enrolment)
    except Exception:
        log.exception("People's accounts are not as agents.yaml says; trying again.", extra={"action": "enrol_failed"})
        return False


async def enrol_people(enrolment: Enrolment) -> bool:
    """The people of agents.yaml have accounts, who has left is signed off; False: the store is away, try again."""
    try:
        first = await enrol_site(enrolment.store, enrolment.site.agents)
        gone = await enrolment.store.users.gone()
    except StoreAway as exc:
        log.warning("People's accounts wait for the store: %s", exc, extra={"action": "logins_store_away"})
        return False
    for name in sorted(gone):
        enrolment.shut_out(AgentId(name))
    enrolment.data.shared_password.unlink(missing_ok=True)
    if first:
        hand_out(first, enrolment)
    return True


def hand_out(first: Iterable[FirstPassword], enrolment: Enrolment) -> None:
    """To the terminal, this once, or into a file that only its owner can read: as the site says."""
    rows = [f"  {each.name:<8} {each.password}   {each.display_name}" for each in first]
    note = two_lines(
        "一次性密码：每人一个，首次登录时须改为自己的密码，七天内有效，不再显示。",
        "One-time passwords, one for each person: changed at the first login, good for seven days, not shown again.",
    )
    if enrolment.site.first_passwords == "printed":
        enrolment.say("\n".join(["", note, *rows, ""]))
        return
    file = enrolment.data.one_time_passwords
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    write_private(file, "\n".join([*([before.rstrip()] if before else []), note, *rows, ""]))
    enrolment.say(
        two_lines(
            f"一次性密码在 {file}（仅所有者可读），分发后请删除。",
            f"One-time passwords are in {file} (its owner's alone); delete it when they are handed out.",
        )
    )
