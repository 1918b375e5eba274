"""Looks at the disk's free space, tells people, and pauses the recordings that it has no room for (flow). OPS-7"""

import logging
import shutil
from collections.abc import Sequence
from typing import Final

from app.process.clock import utc_now
from app.run.system import System
from config.words import Words
from crm.db.followups.owed_calls import SYSTEM
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
        await _tell(system, _news(change, (space.free_bytes or 0) // MEGABYTE))


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


async def _tell(system: System, text: str) -> None:
    """Everybody who can do something about it, on their pages."""
    now = utc_now()
    try:
        for person in (agent.id for agent in system.site.agents if agent.role != "agent"):
            key = f"disk-{now:%Y%m%dT%H%M%S}-{person}"
            await system.store.messages.send(sender=SYSTEM, recipient=person, text=text, key=key)
    except StoreAway as exc:
        log.error("Nobody could be told of the disk: %s", exc, extra={"action": "disk_not_told"})
