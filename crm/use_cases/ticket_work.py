"""What people do on a ticket (flow): its form and state saved together, files attached, sound and files opened.

Who hears or opens something is on record before the first byte. TKT-3, TKT-6, TEL-10, CUS-4.
"""

from collections.abc import Mapping
from typing import Any

from config.ids import AgentId
from config.numbering import number_fault
from crm.cases.rights import by_steps_only
from crm.errors import BadValue, IllegalTransition, UnknownRecord
from crm.intake.model import Attachment, FileKept
from crm.seen.opening import restored_in
from crm.tickets.call_rows import RecordingRow
from crm.tickets.model import TRANSITIONS, TicketDetail, TicketForm, TicketState, TicketStep
from crm.use_cases.cases import Ports


async def save_ticket(ports: Ports, number: str, changes: Mapping[str, Any], *, version: int) -> TicketDetail:
    """Saves the fields of the form that are in `changes`, and `state` if that is: one version more, not two.

    Raises UnknownRecord, Forbidden, BadValue, NotLikeThis (a case is moved by its steps), IllegalTransition,
    VersionConflict, StoreAway; then nothing is saved.
    """
    ticket = await ports.seen.rights.ticket_to_change(number)
    changes = restored_in(changes, ticket)
    by_steps_only(ticket, changes)
    known = {disposition.id for disposition in ports.site.dispositions}
    if changes.get("disposition") and changes["disposition"] not in known:
        raise BadValue("disposition", f"one of {', '.join(sorted(known))}")
    entered = changes.get("contact_number", "")
    if entered not in ("", ticket.contact_number) and (fault := number_fault(entered, ports.site.area_code)):
        raise BadValue("contact_number", fault)
    form, step = _form(changes), _step(ticket.state, changes.get("state", ticket.state))
    saved = await ports.store.tickets.save_form(ticket.number, form, by=ports.who.name, version=version, step=step)
    return await ports.seen.tickets.one(saved)


async def attach_file(ports: Ports, number: str, kept: FileKept) -> Attachment:
    """The same content a second time is the file that is there. Raises UnknownRecord, Forbidden, TooManyFiles,
    StoreAway."""
    await ports.seen.rights.ticket_to_change(number)
    return await ports.store.intake.add_file(number, kept, by=ports.who.name)


async def open_file(ports: Ports, number: str, file: str) -> Attachment:
    """One that somebody may fetch, which is on record: who cannot be put on record gets nothing.

    Raises UnknownRecord, Forbidden, StoreAway.
    """
    found = next((each for each in await ports.seen.tickets.files(number) if each.id == file), None)
    if found is None:
        raise UnknownRecord("file of the ticket", file)
    if found.deleted_at is None:
        await ports.store.intake.log_download(number, file, by=ports.who.name)
    return found


async def hear_recording(ports: Ports, recording: RecordingRow) -> None:
    """As `open_file`."""
    await ports.store.recordings.log_playback(recording.id, by=AgentId(ports.who.name), at=ports.now)


async def print_form(ports: Ports, number: str) -> None:
    """As `open_file`."""
    await ports.seen.rights.ticket_to_change(number)
    await ports.store.note_act(by=ports.who.name, action="printed", subject=f"ticket {number}")


async def take_out_report(ports: Ports, report: str) -> None:
    """As `open_file`; `report`: its number."""
    await ports.store.note_act(by=ports.who.name, action="exported", subject=f"report {report}")


def _form(changes: Mapping[str, Any]) -> TicketForm:
    try:
        return TicketForm(**{name: value for name, value in changes.items() if name in TicketForm.__struct_fields__})
    except ValueError as exc:
        field, _, message = str(exc).partition(": ")
        raise BadValue(field, message) from exc


def _step(now: TicketState, wanted: TicketState) -> TicketStep | None:
    """What takes a ticket from one state to the other; None when it is there. Raises IllegalTransition."""
    if now is wanted:
        return None
    steps = [step for (before, step), after in TRANSITIONS.items() if before is now and after is wanted]
    if not steps:
        raise IllegalTransition(now.value, f"becoming {wanted.value}")
    return steps[0]
