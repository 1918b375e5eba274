"""What the running system does by the clock for its own order: what is kept for a time goes, a day's end is noted, the
mailbox is read, what the disk refused is written again (flow). Each is a job of app/run/jobs.py."""

import asyncio
import logging

from app.channels.attachments import AttachmentFiles
from app.channels.raw_mails import RawMails
from app.data_protection.audit_trail import note_heads
from app.data_protection.retention import (
    forget_hook_messages,
    forget_requests,
    remove_expired,
    remove_old_files,
    remove_settled_mails,
    remove_stray_files,
)
from app.process.clock import utc_now
from app.reports.printing import sender
from app.run.audit_sending import send_heads
from app.run.system import System
from crm.errors import StoreAway
from ivr.pbx.prefix.errors import AsteriskNotReady

log = logging.getLogger(__name__)


async def retention(system: System) -> None:
    """Hourly (TEL-10, CUS-4)."""
    days, now = system.site.recording.retention_days, utc_now()
    await remove_expired(system.store, system.options.data, days, now)
    files = AttachmentFiles(system.options.data.attachments)
    await remove_old_files(system.store, files, system.site.channels.files.retention_days, now)
    if not system.projector.status()["behind_bytes"]:  # else a file's ticket may not be in the store yet
        await remove_stray_files(system.store, files, now)
    await remove_settled_mails(system.store, RawMails(system.options.data.raw_mails), now)
    await forget_requests(system.store, now)
    await forget_hook_messages(system.store)


async def write_held(system: System) -> None:
    """Events that the disk refused are written as soon as it takes them (D5)."""
    system.calls.hotline.tickets.write_held()


async def poll_mailbox(system: System) -> None:
    """E-mails become tickets (TKT-1)."""
    if system.office.mail_room is not None:
        await system.office.mail_room.poll(system.options.data.mail_password, utc_now())


async def shut_guessers_out(system: System) -> None:
    """Every second: who guesses at telephones' secrets is listened to no more for a while (OPS-7)."""
    await system.shut_out.keep(asyncio.get_running_loop().time())


async def telephone_certificate(system: System) -> None:
    """Every minute: a certificate that was renewed is taken without a restart."""
    try:
        await system.pbx.renew_certificate()
    except (AsteriskNotReady, OSError) as exc:
        log.warning("The telephones' certificate is not taken: %s", exc, extra={"action": "pbx_certificate_failed"})


async def audit_heads(system: System) -> None:
    """Every minute: the seal of a day that is over is noted soon after midnight, and sent out at once (ACC-5)."""
    trail, rules, data = system.trail, system.site.audit, system.options.data
    try:
        trail.reload_keys()
        await trail.begin(system.store)
        copy = system.site.directory / rules.copy_heads_to if rules.copy_heads_to else None
        if await note_heads(system.store, data.audit_heads, trail.keys, utc_now(), copy):
            await audit_heads_sent(system)
    except (StoreAway, OSError, ValueError) as exc:
        log.error("The audit trail cannot be noted outside: %s", exc, extra={"action": "audit_files_failed"})


async def audit_heads_sent(system: System) -> None:
    """Every ten minutes: whoever could not be told is told now (ACC-5)."""
    try:
        await send_heads(system.options.data, system.site.audit, system.site.name, system.trail.keys, sender)
    except (OSError, ValueError) as exc:
        log.error("The audit trail's ends cannot be sent: %s", exc, extra={"action": "audit_files_failed"})
