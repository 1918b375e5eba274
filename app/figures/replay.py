"""A day's figures from the files of a journal alone, beside a running system or without one (adapter). Design D5."""

from datetime import date, datetime, time
from pathlib import Path

from app.figures.book import FigureBook
from app.figures.period import Period
from config.schema import Site
from crm.journal.journal_files import read_events


def replay(directory: Path, site: Site, day: date, now: datetime) -> Period:
    """The figures of a local day; of today: until `now`. The whole journal is read, since an agent's state may be old.

    Raises OSError when there is no such directory.
    """
    book = FigureBook(site)
    for event in read_events(directory):
        book.hear(event)
    return book.day(datetime.combine(day, time(12), site.zone), now)
