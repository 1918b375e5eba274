"""Whether the line of a call is open now (the flow's side of `routing.waiting.hours`: it brings clock and calendar)."""

from config.schema import Line
from crm.regulation.calendar import day_kind
from ivr.hotline import Hotline
from routing.waiting.hours import is_open


def is_open_now(hotline: Hotline, line: Line) -> bool:
    """TEL-6: out of hours the site says what happens, and the call is a ticket all the same."""
    local = hotline.now().astimezone(hotline.site.zone)
    return is_open(line.hours, local, day_kind(local.date(), hotline.site.special_days))
