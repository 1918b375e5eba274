"""Takes calls on a disk that is full, then has room again; tells what became of them. To be run by itself."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.run.system import journal_status
from config.ids import CallId, ChannelId
from crm.journal.events import CallRang
from crm.journal.journal import Journal
from crm.use_cases.tickets import Tickets

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
LONG = "x" * 5000
"""More than what is left of a page that the file has already."""


def story(directory: Path) -> dict[str, object]:
    journal = Journal.open(directory / "journal")
    tickets = Tickets(journal, ZoneInfo("Asia/Shanghai"), lambda event: None)
    tickets.open(
        call_id=CallId("a"),
        channel_id=ChannelId("a"),
        direction="inbound",
        dnis="96301",
        ani="13800000000",
        caller_name="",
        line=None,
        at=NOW,
    )
    ballast = directory / "ballast"
    fill(ballast)
    for count in range(3):
        tickets.record(CallRang(call_id="a", at=NOW, event_id=f"{count}" + LONG))
    full = told(journal, tickets)
    ballast.unlink()
    tickets.write_held()
    room = told(journal, tickets)
    read = [type(event).__name__ for _, event in journal.read()]
    journal.close()
    return {"full": full, "room": room, "read": read}


def fill(ballast: Path) -> None:
    """Until the disk refuses."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def told(journal: Journal, tickets: Tickets) -> dict[str, object]:
    status = journal_status(journal, tickets)
    return {"on_disk": tickets.all_on_disk, "unwritten": status["unwritten"], "up": status["up"]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(story(Path(sys.argv[1]))))
