"""A process that appends calls for ever and says the name of each event that is in the journal. To be killed."""

import sys
from pathlib import Path

from crm.journal.journal import Journal
from tests.fakes.call_story import DAY, answered_call


def write(directory: Path) -> None:
    journal = Journal.open(directory)
    while True:
        number = journal.next_ticket_number(DAY)
        for event in answered_call(f"call-{number}", number):
            journal.append(event)
            sys.stdout.write(f"{event.event_id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
