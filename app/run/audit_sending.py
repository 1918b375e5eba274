"""How a day of the audit trail ended is sent out of the house at once (flow): whoever edits trail and files here cannot
take it back. ACC-5."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from app.data_protection.audit_trail import heads_in
from app.reports.delivery import Send, SendFailed, read_addresses
from config.paths import DataDir
from config.service.audit import Audit
from config.words import Words
from crm.audit.heads import Head, head_line
from crm.audit.seals import Keys
from ivr.pbx.private_files import write_private

log = logging.getLogger(__name__)

MOST_AT_ONCE = 31
"""Days in one message."""


async def send_heads(data: DataDir, rules: Audit, house: str, keys: Keys, sender: Callable[[str], Send]) -> int:
    """Tells each address of the days that it has not been told of; how many messages went out. What fails is told and
    tried again at the next call. Raises ValueError (the files)."""
    if not rules.send_heads_to:
        return 0
    heads, _ = heads_in(data.audit_heads, keys)
    addresses, told, gone_out = read_addresses(data.report_addresses), _sent(data.audit_sent), 0
    for name in rules.send_heads_to:
        days = [day for day in sorted(heads) if day > told.get(name, "")][-MOST_AT_ONCE:]
        if not days:
            continue
        try:
            if name not in addresses:
                raise SendFailed(f"{data.report_addresses} has no line for it")
            title, text = _message(house, {day: heads[day] for day in days}, keys)
            await asyncio.to_thread(sender(addresses[name]), title, text, [])
        except SendFailed as exc:
            log.warning("%s is not told of the audit trail: %s", name, exc, extra={"action": "audit_head_not_sent"})
            continue
        told[name] = days[-1]
        gone_out += 1
        write_private(data.audit_sent, "".join(f"{each} {day}\n" for each, day in sorted(told.items())))
    return gone_out


def _message(house: str, heads: dict[str, Head], keys: Keys) -> tuple[str, str]:
    words = Words(
        "请保存：每行是一天的审计记录如何结束（日期、条数、末条封印、签名）。",
        "Please keep: each line is how a day of the audit trail ended (day, rows, last seal, sign).",
    )
    lines = "".join(head_line(day, head, keys) for day, head in heads.items())
    return f"{house} 审计 audit {max(heads)}", f"{words.zh}\n{words.en}\n\n{lines}"


def _sent(file: Path) -> dict[str, str]:
    """Name → the last day that it was told of."""
    if not file.exists():
        return {}
    return dict(line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
