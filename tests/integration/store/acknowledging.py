"""A program that does what people are told is done, and says so: run under strace by test_power_loss.py.

acknowledging.py DIRECTORY
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.ids import AgentId
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.intake.model import Opening
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm
from crm.use_cases.tickets import Tickets
from tests.integration.store.hand_clock import HandClock

ROUNDS = 12
START = datetime(2026, 11, 22, 2, tzinfo=UTC)


def told(*words: object) -> None:
    """What somebody has been told is done; one write, so that its instant is known."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def main(root: Path) -> None:
    clock = HandClock()
    journal = Journal.open(root / "journal")
    store = await Store.open(f"sqlite+aiosqlite:///{root / 'store.db'}", clock=clock)
    tickets = Tickets(journal, store.zone, lambda event: None)
    projector = Projector(journal, store)
    projecting = asyncio.create_task(projector.run())
    for number in range(ROUNDS):
        ticket = tickets.open_from("web", Opening(received_at=clock(), matter=f"m{number}"), clock())
        assert await tickets.is_kept()
        told("ticket", ticket)
        await projector.caught_up()
        await store.tickets.save_form(ticket, TicketForm(matter=f"form {number}"), by=AgentId("8001"), version=1)
        told("form", ticket, number)
        due = await store.due_calls.schedule(
            kind="callback",
            number="13812345678",
            due_at=START,
            ticket=ticket,
            queue="hotline",
            note="",
            key=f"k{number}",
            by="8001",
        )
        told("due", due.id)
        await store.note_act(by="8001", action="looked", subject=f"ticket {ticket}")
        told("audit", ticket)
        clock.forward(seconds=1)
    projecting.cancel()
    with suppress(asyncio.CancelledError):
        await projecting
    assert timedelta(0) < clock() - START


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
