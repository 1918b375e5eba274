"""Destinations and permits for tests of the telephony port: made as everywhere, by the rule and by the count."""

from datetime import UTC, datetime

from config.destination import Destination, DialPermit
from config.ids import ChannelId
from ivr.live.dial_ledger import DialLedger, Wish
from tests.fakes.small_site import small_site


def destination(number: str) -> Destination:
    """What the small site's rule makes of a number that may be dialled."""
    judged = small_site().outbound_rule.judge(number)
    assert isinstance(judged, Destination), judged
    return judged


def permit(channel_id: ChannelId, number: str = "13800000001") -> DialPermit:
    """For one INVITE on that channel, of a count that has counted nothing yet."""
    site = small_site()
    wish = Wish(destination=destination(number), purpose="transfer")
    permitted = DialLedger(site.outbound, site.zone).permit(wish, channel_id, datetime.now(UTC))
    assert isinstance(permitted, DialPermit), permitted
    return permitted
