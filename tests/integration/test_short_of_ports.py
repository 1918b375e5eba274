"""Customers who cannot be called for want of audio ports: no attempt at them, no miss of an agent's, made later. OPS-7.

The real store, telephones in memory. As with agents' legs (`tests/unit/ivr/test_offer.py`), it is a fault of ours.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from config.calls.outbound import HourAndDay, Limits
from crm.followups.model import DueCall, DueCallKind
from crm.journal.events import AgentMissed, AgentOffered, AgentStateChanged, CallEnded, TalkStarted
from ivr.outbound.dialler import UNSENT_RETRY_S
from ivr.port.values import DialOutcome
from tests.fakes.channel import Party
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left
from tests.integration.harness.running import RunningSystem
from tests.integration.test_due_calls import customers, promise
from tests.integration.test_kept_places import ANN, SOON_S, House, house
from tests.integration.test_refused_numbers import SkewedTelephony, at_ten, owe
from tests.integration.test_silent_callers import no_port_left

pytestmark = pytest.mark.req("OPS-7", "FUP-6")

NUMBER = "13800000001"
ENDLESS = Limits(per_number=HourAndDay(), per_number_asked=HourAndDay())
"""What was counted and then not sent stays counted: another rule than the one that is looked at here."""


async def owed(home: House, kind: DueCallKind) -> DueCall:
    """A call of that kind that is due now; the agent accepts it where one is asked."""
    if kind is DueCallKind.QUEUE_CALLBACK:
        await home.waits(NUMBER, wishes="11")
        await home.happens(lambda: home.of(CallEnded), "the caller to have gone")
        (due,) = await home.due()
        return due
    return await owe(home, NUMBER, kind)


def runs_short(telephony: SkewedTelephony, moment: str) -> None:
    """No port is left when the customer's channel is made, or when the INVITE is to go out."""
    telephony.no_port = moment == "made"
    telephony.customers = {NUMBER: Party(after_s=0.05, refuses=DialOutcome.CONGESTED)}


def has_ports(telephony: SkewedTelephony, party: Party) -> None:
    telephony.no_port, telephony.customers = False, {NUMBER: party}


async def made(home: House, due: DueCall, attempts: int) -> DueCall:
    """The call after so many attempts, each of which is over."""

    async def there() -> DueCall | None:
        home.dialler.accept(due.id, ANN)
        over = [each.outcome for each in await home.store.due_calls.attempts(due.id)]
        row = await home.store.due_calls.get(due.id)
        return row if row and len(over) == attempts and None not in over else None

    return await until(there, SOON_S, f"attempt {attempts}")


@pytest.mark.parametrize("moment", ["made", "dialled"])
@pytest.mark.parametrize("kind", list(DueCallKind))
async def test_a_customer_who_could_not_be_called_is_called_when_there_are_ports_again(
    tmp_path: Path, kind: DueCallKind, moment: str
) -> None:
    telephony = at_ten()
    async with house(tmp_path, telephony, limits=ENDLESS) as home:
        due = await owed(home, kind)
        runs_short(telephony, moment)
        home.ready()
        row = await made(home, due, 1)
        assert (row.state, row.outcome) == ("scheduled", "fault")
        soon = telephony.now() + timedelta(seconds=UNSENT_RETRY_S)
        assert soon - timedelta(seconds=SOON_S) < row.due_at <= soon
        assert moment == "dialled" or not home.of(AgentOffered), "nobody's telephone rings for a call that cannot be"
        await home.happens(lambda: home.acd.agent(ANN).call_id is None, "the agent to be free of it")
        has_ports(telephony, Party(after_s=0.1, talks_s=3.0))
        home.ready()
        telephony.ahead += timedelta(seconds=UNSENT_RETRY_S + 1)
        row = await made(home, due, 2)
        assert row.outcome == ("hung_up" if kind is DueCallKind.REMINDER else "talked")
        assert len(home.of(TalkStarted)) == (kind is not DueCallKind.REMINDER)
        states = {event.state for event in home.of(AgentStateChanged) if isinstance(event, AgentStateChanged)}
        assert "not_ready" not in states and not home.of(AgentMissed)


@pytest.mark.parametrize("kind", [DueCallKind.REMINDER, DueCallKind.QUEUE_CALLBACK])
async def test_the_want_of_ports_takes_no_attempt_from_the_customer(tmp_path: Path, kind: DueCallKind) -> None:
    """Two times short of ports, then busy as often as the site allows: all of those are made."""
    telephony = at_ten()
    async with house(tmp_path, telephony, attempts=2, gap_s=60.0, limits=ENDLESS) as home:
        due = await owed(home, kind)
        runs_short(telephony, "made")
        home.ready()
        outcomes = []
        for attempt in range(1, 5):
            row = await made(home, due, attempt)
            outcomes.append((row.state, row.outcome))
            if attempt == 2:
                has_ports(telephony, Party(after_s=0.05, refuses=DialOutcome.BUSY))
            telephony.ahead += timedelta(seconds=UNSENT_RETRY_S + 1)
        short, busy = ("scheduled", "fault"), ("scheduled", "busy")
        assert outcomes == [short, short, busy, ("failed", "busy")]


@pytest.mark.asterisk
@pytest.mark.slow
async def test_asterisk_without_a_port_is_known_from_a_customer_who_is_not_reached(system: RunningSystem) -> None:
    """Somebody else on the machine has every port: nothing is sent, and the customer is owed the call as before."""
    system.site.agents(1)
    system.site.section("admission", rtp_ports=40, reserved_legs=2)
    async with customers(system) as reached:
        await system.up()
        api = await system.api()
        first, last = (await api.status())["asterisk"]["rtp"]
        with no_port_left(first, last):
            due = await promise(system, "reminder", NUMBER)

            async def tried() -> Item | None:
                (row,) = [item for item in await api.every("/api/due-calls") if item["id"] == due["id"]]
                return row if row["outcome"] else None

            row = await until(tried, 20.0, "the attempt to fail")
        assert (row["state"], row["outcome"]) == ("scheduled", "fault")
        reached.assert_rung(NUMBER, 0)
    await assert_nothing_left(system)
