"""What one caller may take, and what the disk still has room for: rules, and the flows that keep to them. OPS-7"""

import asyncio
import random
from pathlib import Path

import pytest

from config.calls.disk import DiskRules
from config.schema import AdmissionRules
from crm.errors import JournalFailed
from crm.journal.events import CallArrived, CallEnded, CallNoted, Event, RecordingPaused, RecordingResumed, TalkStarted
from crm.journal.journal import Position
from crm.use_cases import tickets as tickets_module
from ivr.live.talks import Refused
from ivr.port.caps import MOST_NUMBERS, RECORDS_A_MINUTE, RECORDS_A_NUMBER, Caps
from ivr.port.space import MEGABYTE, USES, Space
from ivr.sip.invites import Unserved
from ivr.sip.message import Invited
from ivr.talking.recording import pause_for_space, resume_after_space, resume_recording
from tests.fakes.call_centre import ANN, call_centre, in_virtual_time
from tests.fakes.small_site import small_site

pytestmark = pytest.mark.req("OPS-7")

LINE, OTHER_LINE = "4008100002", "4008100003"


# --- callers ----------------------------------------------------------------------------------------------------------


def test_one_number_has_its_share_and_leaves_the_others_theirs() -> None:
    caps = Caps(at_once=3, a_minute=10, total_a_minute=1000)
    assert not caps.admits(0.0, "139", live=3), "three of it go on"
    let_in = sum(caps.admits(second, "139", live=0) for second in range(60))
    assert 10 <= let_in <= 20, "full at first, then ten a minute"
    assert caps.admits(60.0, "138", live=0) and caps.admits(60.0, "", live=50)


def test_all_together_have_a_cap_and_a_flood_is_known_by_figures_alone() -> None:
    dice, caps = random.Random(7), Caps(at_once=10, a_minute=10, total_a_minute=600)
    let_in = recorded = 0
    for step in range(60_000):
        now, number = step / 1000, str(dice.randrange(10**6))
        if caps.admits(now, number, live=0):
            let_in += 1
        else:
            recorded += caps.records(now, number)
    assert 600 <= let_in <= 1210
    assert recorded <= 2 * RECORDS_A_MINUTE
    assert caps.status() == {"refused_by_cap": 60_000 - let_in, "unrecorded": 60_000 - let_in - recorded}
    assert len(caps._of) <= MOST_NUMBERS


def test_a_number_that_calls_without_end_has_a_few_tickets_only(tmp_path: Path) -> None:
    rules = AdmissionRules(per_caller_at_once=2, per_caller_a_minute=100)

    async def story() -> None:
        async with call_centre(tmp_path, small_site().model_copy(update={"admission": rules})) as centre:
            for _ in range(20):
                centre.telephony.call(LINE, "13900000000")
                await asyncio.sleep(0.1)
            centre.telephony.call(LINE, "13800000000")
            await asyncio.sleep(0.1)
            by_number = [event.ani for event in centre.events(CallArrived)]
            assert by_number.count("13900000000") == 2 + RECORDS_A_NUMBER and by_number[-1] == "13800000000"
            refused = [end for end in centre.events(CallEnded) if end.outcome == "refused_too_many"]
            assert len(refused) == RECORDS_A_NUMBER
            hung_up = [line for line in centre.telephony.log if line.endswith("hangup congestion")]
            assert len(hung_up) == 18, "those without a ticket are refused as well"

    in_virtual_time(story())


@pytest.mark.parametrize(("cap", "elsewhere"), [("per_line_at_once", True), ("trunk_at_once", False)])
def test_a_line_and_the_trunk_have_their_caps(tmp_path: Path, cap: str, elsewhere: bool) -> None:
    """Of other numbers each. A line that is flooded leaves the others theirs; who leaves makes room."""
    site, rules = small_site(), AdmissionRules().model_copy(update={cap: 3})
    other_line = site.lines[0].model_copy(update={"dnis": OTHER_LINE, "kind": "supervision"})
    site = site.model_copy(update={"admission": rules, "lines": (*site.lines, other_line)})

    async def story() -> None:
        async with call_centre(tmp_path, site) as centre:
            calls = [centre.telephony.call(LINE, f"1390000000{number}") for number in range(5)]
            await asyncio.sleep(0.2)
            assert [call.gone for call in calls] == [False] * 3 + [True] * 2
            refused = [end for end in centre.events(CallEnded) if end.outcome == "refused_too_many"]
            assert len(refused) == 2 and centre.reception.admission.caps.status()["refused_by_cap"] == 2
            other = centre.telephony.call(OTHER_LINE, "13900000007")
            await asyncio.sleep(0.2)
            assert other.gone is not elsewhere
            calls[0].leave()
            await asyncio.sleep(0.5)
            assert not centre.telephony.call(LINE, "13900000008").gone
            again = centre.telephony.call(LINE, "13900000009")
            await asyncio.sleep(0.5)
            assert again.gone, "one left, one came"

    in_virtual_time(story())


@pytest.mark.parametrize("cap", ["per_caller_at_once", "per_line_at_once", "trunk_at_once"])
def test_who_come_in_one_moment_are_counted_one_after_the_other(tmp_path: Path, cap: str) -> None:
    """A burst is read from the socket at once, before the first of them is on record."""
    rules = AdmissionRules().model_copy(update={cap: 3})

    async def story() -> None:
        async with call_centre(tmp_path, small_site().model_copy(update={"admission": rules})) as centre:
            calls = [centre.telephony.call(LINE, "13900000000") for _ in range(30)]
            await asyncio.sleep(0.5)
            assert [call.gone for call in calls] == [False] * 3 + [True] * 27

    in_virtual_time(story())


def test_without_figures_the_ports_are_the_limit_of_a_line_and_the_trunk() -> None:
    caps = Caps(at_once=1, a_minute=1, total_a_minute=1)
    assert caps.fits(100_000, 100_000) and caps.status()["refused_by_cap"] == 0


def test_a_call_that_asterisk_refused_has_a_ticket_under_an_id_of_ours(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            for call_id, status in ((b"\xff;\r\n", 488), (b"two", 487), (b"three", 503)):
                invited = Invited(call_id, LINE + "\x00", "+86139\u202e00000000", "a" * 300)
                centre.reception.admission.put_on_record(Unserved(invited, 0.0, status), 3.0)
            arrived = centre.events(CallArrived)
            assert [(event.dnis, event.ani) for event in arrived] == [(LINE, "+8613900000000")] * 3
            assert all(event.call_id.isascii() and event.call_id.startswith("call-sip-") for event in arrived)
            outcomes = [event.outcome for event in centre.events(CallEnded)]
            assert outcomes == ["refused_unsupported", "abandoned_ringing", "refused_overload"]

    in_virtual_time(story())


# --- the disk ---------------------------------------------------------------------------------------------------------


def test_what_stops_first_and_begins_last_whatever_the_disk_does() -> None:
    dice = random.Random(11)
    for _ in range(200):
        space, limits = Space(), (1000, 500, 200, 50)
        for _ in range(30):
            space.look(dice.randrange(0, 1600) * MEGABYTE)
            stopped = [use in space.stopped for use in USES]
            assert stopped == sorted(stopped, reverse=True), "nothing stops before what stands above it"
            assert space.free_bytes is not None
            for use, limit in zip(USES, limits, strict=True):
                if space.free_bytes < limit * MEGABYTE:
                    assert not space.allows(use)
                if space.free_bytes > 1.25 * limit * MEGABYTE:
                    assert space.allows(use), "there is room again, and nobody had to do anything"


def test_it_is_told_before_anything_stops_and_once() -> None:
    space = Space()
    assert not space.look(10**12)
    assert space.look(1900 * MEGABYTE).warned and not space.stopped
    assert not space.look(1899 * MEGABYTE)
    assert space.look(900 * MEGABYTE).stopped == ("recordings",)
    assert space.look(10 * MEGABYTE).stopped == ("mail", "messages", "calls")
    change = space.look(10**12)
    assert change.resumed == USES and change.warned is False
    assert space.status()["up"] is True


def test_limits_that_are_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in this order"):
        DiskRules(recordings_mb=10, mail_mb=20)


FULL, ROOM = 10 * MEGABYTE, 10**12


def test_recordings_pause_while_the_disk_is_short_and_go_on_by_themselves(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            assert live.bridge and live.recording
            recordings = centre.telephony.bridges[live.bridge.id].recordings
            centre.hotline.space.look(900 * MEGABYTE)
            await pause_for_space(centre.hotline)
            assert list(recordings.values()) == [True] and centre.events(RecordingPaused)
            assert any("磁盘" in note.text for note in centre.events(CallNoted))
            with pytest.raises(Refused, match="disk"):
                await live.ask(lambda: resume_recording(centre.hotline, live))
            centre.hotline.space.look(ROOM)
            await resume_after_space(centre.hotline)
            assert list(recordings.values()) == [False] and centre.events(RecordingResumed)

    in_virtual_time(story())


def test_a_talk_that_begins_on_a_short_disk_is_unrecorded_and_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.hotline.space.look(900 * MEGABYTE)
            centre.available(ANN)
            _, live = await centre.talk()
            assert live.recording is None
            assert [event.recording for event in centre.events(TalkStarted)] == [None]
            assert any("磁盘" in note.text for note in centre.events(CallNoted))

    in_virtual_time(story())


def test_calls_stop_last_and_are_refused_with_a_ticket(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            for free, outcomes in ((100, []), (10, ["refused_overload"]), (10**6, ["refused_overload"])):
                centre.hotline.space.look(free * MEGABYTE)
                centre.telephony.call(LINE, f"1390000{free:04}"[:11])
                await asyncio.sleep(0.1)
                assert [end.outcome for end in centre.events(CallEnded)] == outcomes

    in_virtual_time(story())


def test_nothing_new_begins_while_the_journals_disk_refuses_and_calls_that_are_up_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the free space says nothing of it: read-only, or broken."""
    monkeypatch.setattr(tickets_module, "MOST_WAITING", 40)

    def refuses(event: Event) -> Position:
        raise JournalFailed("read-only file system")

    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            with monkeypatch.context() as disk:
                disk.setattr(centre.journal, "append", refuses)
                for number in range(500):
                    centre.telephony.call(LINE, f"139{number:08}")
                    await asyncio.sleep(0.01)
                tickets = centre.hotline.tickets
                assert tickets.begins_nothing and tickets.unwritten < 100 and tickets.lost == 0
                assert len(centre.events(CallArrived)) < 40
                hung_up = [line for line in centre.telephony.log if line.endswith("hangup congestion")]
                assert len(hung_up) > 460 and centre.reception.admission.caps.status()["unrecorded"] == len(hung_up)
                assert live.bridge and not caller.gone, "the talk is as it was"
                caller.leave()
                await asyncio.sleep(1)
                assert any(end.call_id == live.call_id for end in centre.events(CallEnded))
            tickets.write_held()
            assert tickets.all_on_disk and not tickets.begins_nothing
            later = centre.telephony.call(LINE, "13800000009")
            await asyncio.sleep(0.1)
            assert not later.gone

    in_virtual_time(story())
