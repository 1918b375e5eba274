"""What a flow may use: site, telephones, ACD, tickets, clock, the talks going on. Wired in `app.run.call_path`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from config.ids import CallId, ChannelId, TicketNumber
from config.paths import DataDir
from config.schema import Line, Site
from config.values.hours import SpecialDays
from crm.journal.events import CallOutcome
from crm.journal.steps import CallStep
from crm.use_cases.by_clock.callers import Callers, Strangers
from crm.use_cases.tickets import Tickets
from ivr.live.call import call_id_of
from ivr.live.closed_queues import ClosedQueues
from ivr.live.dial_ledger import DialLedger
from ivr.live.talks import Talks
from ivr.live.virtual_hold import VirtualHold
from ivr.live.waiting import WaitingCalls
from ivr.port.space import Space
from ivr.port.telephony import Telephony
from routing.acd import Acd
from routing.waiting.pace import Pace


@dataclass
class Unlisted:
    """How many calls came to numbers that no line has, and the last of these numbers."""

    calls: int = 0
    last: str | None = None

    def add(self, dnis: str) -> None:
        self.calls, self.last = self.calls + 1, dnis


@dataclass(frozen=True)
class Hotline:
    """One running hotline, as its flows see it."""

    site: Site
    data: DataDir
    telephony: Telephony
    acd: Acd
    tickets: Tickets
    now: Callable[[], datetime]
    days: SpecialDays
    """The special days as they are known now: the site's, and what people have entered since."""
    ours: Callable[[datetime], datetime]
    """An instant that the file system or Asterisk has by the machine's clock, by ours (ADR 42)."""
    dialled: DialLedger
    """How much has been dialled through the trunk; hears every event."""
    callers: Callers = field(default_factory=Strangers)
    """How a caller stands with us."""
    talks: Talks = field(default_factory=Talks)
    """Who talks with whom now, for whoever asks something of a talk."""
    waiting: WaitingCalls = field(default_factory=WaitingCalls)
    """Who looks for an agent now, for whoever wants a call elsewhere."""
    closed: ClosedQueues = field(default_factory=ClosedQueues)
    """Queues on hold."""
    unlisted: Unlisted = field(default_factory=Unlisted)

    virtual_hold: VirtualHold = field(default_factory=VirtualHold)
    """Keeps places of callers who hang up."""
    space: Space = field(default_factory=Space)
    """What the disk still has room for."""
    pace: Pace = field(default_factory=Pace)
    """How fast the queues have been lately."""

    def line_for(self, dnis: str) -> Line:
        """The line dialled; a number that no line has is served by the first hotline: no caller is refused (D11).

        Who takes such a call in tells of it (`ivr.caller.unlisted`).
        """
        hotlines = [line for line in self.site.lines if line.kind == "hotline"]
        return self.site.line_for(dnis) or (hotlines or list(self.site.lines))[0]

    def open_inbound(
        self,
        channel_id: ChannelId,
        *,
        dnis: str,
        ani: str,
        name: str,
        at: datetime,
        then: CallStep | None = None,
        outcome: CallOutcome | None = None,
    ) -> CallId:
        """Opens the ticket of a call that came in at `at`, on a line of ours or on none (TKT-1). See CallArrived."""
        call_id, line = call_id_of(channel_id), self.site.line_for(dnis)
        self.tickets.open(
            call_id=call_id,
            channel_id=channel_id,
            direction="inbound",
            dnis=dnis,
            ani=ani,
            caller_name=name,
            line=line.kind if line else None,
            at=at,
            then=then,
            outcome=outcome,
        )
        return call_id

    def recording_name(self, ticket: TicketNumber, call_id: str, talk: int = 1) -> str:
        """File name of a call's first talk, or a later one's: made of our own ids only (D11)."""
        number = f"-{talk}" if talk > 1 else ""
        return f"{ticket}_{call_id.replace('/', '-')}{number}.wav"
