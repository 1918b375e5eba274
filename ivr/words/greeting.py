"""The first words of a call (TEL-4): a festival's greeting, else the one of the hour, else 您好. Pure."""

from datetime import datetime

from config.schema import Greetings
from crm.regulation.calendar import Festival


def greeting(now_local: datetime, festival: Festival | None, greetings: Greetings) -> str:
    """The prompt id to begin with. `now_local` is in the site's zone; `festival` is that of its date."""
    if festival == "newyear":
        return greetings.newyear
    if festival == "spring":
        return greetings.spring
    if festival == "holiday":
        return greetings.holiday
    if greetings.morning_hours.contains(now_local.time()):
        return greetings.morning
    if greetings.evening_hours.contains(now_local.time()):
        return greetings.evening
    return greetings.default
