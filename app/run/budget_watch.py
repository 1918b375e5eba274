"""Looks at the disk, the memory and the processes, tells people before they run out, and pauses the recordings that
the disk has no room for (flow). OPS-7"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from typing import Final

from app.process.clock import utc_now
from app.process.resources import Usage
from app.process.shortage import Reading, Resource, Shortage
from app.run.system import System
from config.schema import Site
from config.words import Words
from crm.db.followups.owed_calls import SYSTEM
from crm.db.messages.messages import MessageTable
from crm.errors import StoreAway
from ivr.port.space import MEGABYTE, Change, Use
from ivr.talking.recording import pause_for_space, resume_after_space

log = logging.getLogger(__name__)

_USES: Final[dict[Use, Words]] = {
    "recordings": Words("通话录音", "recordings of talks"),
    "mail": Words("电子邮件和附件", "mail and attachments"),
    "messages": Words("语音留言", "voice messages"),
    "calls": Words("来电接入", "new calls"),
}

_RESOURCES: Final[dict[Resource, Words]] = {
    "memory": Words("本系统可用内存（MB）", "memory of this system (MB)"),
    "address_space": Words("主进程地址空间（MB）", "address space of the controller (MB)"),
    "machine_memory": Words("整机内存（MB）", "memory of the machine (MB)"),
    "processes": Words("本系统进程和线程数", "processes and threads of this system"),
    "machine_processes": Words("整机进程和线程数", "processes and threads of the machine"),
    "descriptors": Words("主进程打开的文件和连接数", "open files and connections of the controller"),
}


async def watch_disk(system: System) -> None:
    """Every few seconds."""
    space = system.calls.hotline.space
    change = space.look(shutil.disk_usage(system.options.data.root).free)
    if change.stopped or change.resumed or change.warned:
        log.warning(
            "Free disk space: %d MB; stopped: %s.",
            (space.free_bytes or 0) // MEGABYTE,
            ", ".join(sorted(space.stopped)) or "nothing",
            extra={"action": "disk_space"},
        )
    if "recordings" in change.stopped:
        await pause_for_space(system.calls.hotline)
    if "recordings" in change.resumed:
        await resume_after_space(system.calls.hotline)
    if change:
        await _tell(system.store.messages, system.site, "disk", _news(change, (space.free_bytes or 0) // MEGABYTE))


async def watch_resources(shortage: Shortage, usage: Callable[[], Usage], messages: MessageTable, site: Site) -> None:
    """Every few seconds. `usage` lists processes: it has a thread of its own."""
    now = await asyncio.to_thread(usage)
    news = shortage.look(now.readings, now.resident, now.threads)
    lines = [_line(each, "即将用尽，请尽快处理", "nearly used up, make room soon") for each in news.near]
    lines += [_line(each, "已恢复", "enough again") for each in news.over]
    for each in (*news.near, *news.over):
        log.warning(
            "%s: %d of %d used.", each.resource, each.used, each.limit, extra={"action": f"resource_{each.resource}"}
        )
    if lines:
        await _tell(messages, site, "resources", "\n".join(lines))


def _line(reading: Reading, zh: str, en: str) -> str:
    words = _RESOURCES[reading.resource]
    unit = MEGABYTE if "MB" in words.en else 1
    figures = f"{reading.used // unit} / {reading.limit // unit}"
    return f"{words.zh} {figures}，{zh}。{words.en[0].upper()}{words.en[1:]}: {figures}, {en}."


def _news(change: Change, free_mb: int) -> str:
    lines = [f"磁盘可用空间 {free_mb} MB。Free disk space: {free_mb} MB."]
    if change.stopped:
        lines.append(f"已停止：{_named(change.stopped, '、', 'zh')}。Stopped: {_named(change.stopped, ', ', 'en')}.")
    if change.resumed:
        lines.append(f"已恢复：{_named(change.resumed, '、', 'zh')}。Resumed: {_named(change.resumed, ', ', 'en')}.")
    if change.warned:
        lines.append("空间不足，请尽快清理。Make room soon: recordings stop first, calls last.")
    return "\n".join(lines)


def _named(uses: Sequence[Use], between: str, language: str) -> str:
    return between.join(getattr(_USES[use], language) for use in uses)


async def _tell(messages: MessageTable, site: Site, what: str, text: str) -> None:
    """Everybody who can do something about it, on their pages."""
    now = utc_now()
    try:
        for person in (agent.id for agent in site.agents if agent.role != "agent"):
            key = f"{what}-{now:%Y%m%dT%H%M%S.%f}-{person}"
            await messages.send(sender=SYSTEM, recipient=person, text=text, key=key)
    except StoreAway as exc:
        log.error("Nobody could be told of the budgets: %s", exc, extra={"action": "budget_not_told"})
