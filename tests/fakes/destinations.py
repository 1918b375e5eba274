"""Destinations for tests of the telephony port: made as everywhere, by the rule."""

from config.destination import Destination
from tests.fakes.small_site import small_site


def destination(number: str) -> Destination:
    """What the small site's rule makes of a number that may be dialled."""
    judged = small_site().outbound_rule.judge(number)
    assert isinstance(judged, Destination), judged
    return judged
