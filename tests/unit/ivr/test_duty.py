"""The people on duty: rung in order, pressed 1 or not, missed, and what becomes of the caller. TEL-6."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.ids import CallId
from config.schema import Duty, DutyAction, Site
from crm.calls.record import fold
from crm.journal.events import (
    CallAdopted,
    CallbackOwed,
    CallEnded,
    CallEvent,
    DutyAccepted,
    DutyDeclined,
    DutyMissed,
    DutyRang,
    MessageLeft,
    NumberRefused,
    OutsideTalkStarted,
)
from ivr.port.values import DialOutcome
from tests.fakes.call_centre import CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.small_site import small_site
from tests.fakes.telephony import EPOCH

ANN, BEN, EVE = "13900000001", "13900000002", "13900000003"


def duty_site(*numbers: str, **settings: Any) -> Site:
    """Closed all day, so that every caller is out of hours; a roster of these numbers."""
    people = tuple({"name": f"值班{number[-1]}", "number": number} for number in numbers)
    duty = Duty.model_validate({"id": "night", "title": "夜间值班", "title_en": "Night", "people": people, **settings})
    site = small_site()
    line = site.lines[0]
    closed = line.hours.model_copy(update={"weekdays": {"sun": line.hours.weekdays["sun"]}})
    line = line.model_copy(update={"hours": closed, "out_of_hours": DutyAction(duty="night")})
    return site.model_copy(update={"duty": (duty,), "lines": (line,)})


def leg(centre: CallCentre, number: str) -> FakeChannel:
    """The live leg to that number."""
    rang = [each for each in centre.events(DutyRang) if each.number == number][-1]
    return centre.telephony.channels[rang.channel_id]  # type: ignore[index]


def told(centre: CallCentre) -> list[str]:
    """What became of whom, in order."""
    words = []
    for event in centre.told:
        match event:
            case DutyRang(number=number):
                words.append(f"ring {number[-1]}")
            case DutyDeclined(number=number, reason=reason):
                words.append(f"{reason} {number[-1]}")
            case DutyAccepted(number=number):
                words.append(f"yes {number[-1]}")
            case DutyMissed(reason=reason):
                words.append(reason)
    return words


def test_the_first_who_presses_1_talks_with_the_caller(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN, BEN)) as centre:
            centre.telephony.customers = {ANN: Party(after_s=3.0), BEN: Party(after_s=3.0)}
            caller = centre.telephony.call("4008100002", "13800138000")
            await asyncio.sleep(2)
            assert caller.music and "please-wait" in caller.heard
            await asyncio.sleep(4)
            person = leg(centre, ANN)
            digits = ["num-1-yao", "num-3", "num-8", "num-0", "num-0", "num-1-yao", "num-3", "num-8", *["num-0"] * 3]
            assert person.heard == ["duty-intro", "duty-number", *digits, "duty-key"]
            person.press("1")
            await asyncio.sleep(2)
            [talk] = centre.events(OutsideTalkStarted)
            assert (talk.number, talk.channel_id) == (ANN, person.id)
            assert centre.telephony.bridges[talk.bridge_id].inside == {caller.id, person.id}  # type: ignore[index]
            assert talk.recording and not caller.music
            await asyncio.sleep(30)
            caller.leave()
            await asyncio.sleep(1)
            assert told(centre) == ["ring 1", "yes 1"]
            assert [end.outcome for end in centre.events(CallEnded)] == ["answered"]
            assert not centre.telephony.channels and not centre.telephony.bridges
            row = fold([event for event in centre.told if isinstance(event, CallEvent)])
            assert row and row.talk_at == talk.at and row.talk_s and 29 < row.talk_s < 33

    in_virtual_time(story())


@pytest.mark.parametrize(
    ("party", "reason"),
    [
        (Party(after_s=2.0), "not_accepted"),  # a voicemail box: answers, and says nothing that is a 1
        (Party(after_s=2.0, talks_s=4.0), "hung_up"),
        (Party(refuses=DialOutcome.NO_ANSWER), "no_answer"),
        (Party(refuses=DialOutcome.BUSY), "busy"),
        (Party(refuses=DialOutcome.REJECTED), "rejected"),
        (Party(refuses=DialOutcome.UNREACHABLE), "unreachable"),
    ],
)
def test_who_does_not_take_it_is_followed_by_the_next(tmp_path: Path, party: Party, reason: str) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN, BEN)) as centre:
            centre.telephony.customers = {ANN: party, BEN: Party(after_s=2.0)}
            centre.telephony.call("4008100002")
            await until(lambda: leg(centre, BEN).up_at is not None, centre, BEN)
            await asyncio.sleep(1)
            assert [channel for channel in centre.telephony.channels if "outside" in channel] == [leg(centre, BEN).id]
            leg(centre, BEN).press("31")
            await asyncio.sleep(2)
            assert told(centre) == ["ring 1", f"{reason} 1", "ring 2", "yes 2"]
            assert [talk.number for talk in centre.events(OutsideTalkStarted)] == [BEN]

    in_virtual_time(story())


def test_a_duty_call_that_nobody_takes_is_a_warning_a_message_and_a_call_that_is_owed(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN, BEN)) as centre:
            centre.telephony.customers = {ANN: Party(after_s=2.0)}
            caller = centre.telephony.call("4008100002", "13800138000")
            caller.speak(4.0)
            await asyncio.sleep(120)
            assert told(centre) == ["ring 1", "not_accepted 1", "ring 2", "no_answer 2", "nobody_took_it"]
            [missed] = centre.events(DutyMissed)
            assert (missed.duty, missed.title, missed.asked) == ("night", "夜间值班", 2)
            [owed] = centre.events(CallbackOwed)
            assert (owed.number, owed.queue) == ("13800138000", "hotline")
            opens = owed.due_at.astimezone(centre.site.zone)  # it is Monday; the line opens on Sunday
            assert (opens.weekday(), opens.hour, opens.minute) == (6, 0, 0)
            assert opens > EPOCH + timedelta(days=5)
            assert len(centre.events(MessageLeft)) == 1
            assert [end.outcome for end in centre.events(CallEnded)] == ["out_of_hours"]
            after_music = caller.heard[caller.heard.index("duty-missed") :]
            assert after_music == ["duty-missed", "leave-message", "beep", "message-saved", "goodbye"]
            assert not centre.telephony.channels and centre.reception.calls == 0

    in_virtual_time(story())


def test_who_is_not_on_duty_is_not_rung(tmp_path: Path) -> None:
    """It is Monday, 09:00."""

    async def story() -> None:
        site = duty_site(ANN, BEN, EVE)
        weeks: tuple[dict[str, tuple[str, ...]], ...] = ({"mon": ("18:00-24:00",)}, {"mon-fri": ("08:30-12:00",)}, {})
        people = [
            {"name": person.name, "number": person.number, "hours": {"weekdays": week}}
            for person, week in zip(site.duty[0].people, weeks, strict=True)
        ]
        duty = Duty.model_validate({"id": "night", "title": "值", "title_en": "N", "people": tuple(people)})
        async with call_centre(tmp_path, site.model_copy(update={"duty": (duty,)})) as centre:
            centre.telephony.call("4008100002")
            await asyncio.sleep(100)
            assert told(centre) == ["ring 2", "no_answer 2", "nobody_took_it"]

    in_virtual_time(story())


def test_nobody_on_duty_is_a_warning_too_and_a_withheld_number_is_owed_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        site = duty_site(ANN, BEN)
        idle = tuple(
            p.model_copy(update={"hours": p.hours.model_copy(update={"weekdays": {}})}) for p in site.duty[0].people
        )
        duty = site.duty[0].model_copy(update={"people": idle})
        async with call_centre(tmp_path, site.model_copy(update={"duty": (duty,)})) as centre:
            centre.telephony.call("4008100002", "")
            await asyncio.sleep(100)
            assert told(centre) == ["nobody_on_duty"]
            assert centre.events(CallbackOwed) == []

    in_virtual_time(story())


@pytest.mark.parametrize("after_s", [0.5, 1.0, 2.5, 4.2, 6.0, 9.0, 14.5, 15.5, 20.0])
def test_a_caller_who_hangs_up_at_any_moment_leaves_nobody_ringing(tmp_path: Path, after_s: float) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN, BEN)) as centre:
            centre.telephony.customers = {ANN: Party(after_s=3.0), BEN: Party(after_s=4.0)}
            caller = centre.telephony.call("4008100002")
            await asyncio.sleep(after_s)
            caller.leave()
            await asyncio.sleep(0.5)
            assert not centre.telephony.channels and not centre.telephony.bridges
            assert centre.reception.calls == 0
            assert [end.ended_by for end in centre.events(CallEnded)] == ["caller"]
            assert not centre.events(DutyMissed)

    in_virtual_time(story())


async def killed_and_started(centre: CallCentre) -> None:
    history = await centre.die()
    await asyncio.sleep(1.5)
    centre.start(history)
    await asyncio.sleep(0.5)


def outside(centre: CallCentre) -> list[str]:
    return [name for name in centre.telephony.channels if "outside" in name]


@pytest.mark.parametrize("after_s", [0.3, 1.0, 2.5, 3.5, 5.0, 7.0, 13.0, 15.5, 17.5, 22.0])
def test_a_controller_that_dies_while_people_are_rung_goes_on_where_it_was(tmp_path: Path, after_s: float) -> None:
    """The first person's box answers and stays silent, the second presses 1, whenever the controller dies."""

    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN, BEN)) as centre:
            centre.telephony.customers = {ANN: Party(after_s=3.0), BEN: Party(after_s=3.0)}
            centre.telephony.call("4008100002")
            await asyncio.sleep(after_s)
            await killed_and_started(centre)
            assert len(centre.events(CallAdopted)) == 1
            assert len(outside(centre)) <= 1
            await until(lambda: bool(outside(centre)) and leg(centre, BEN).up_at is not None, centre, BEN)
            await asyncio.sleep(1)
            leg(centre, BEN).press("1")
            await asyncio.sleep(3)
            [talk] = centre.events(OutsideTalkStarted)
            assert talk.number == BEN and outside(centre) == [talk.channel_id]
            assert told(centre)[-2:] == ["ring 2", "yes 2"] and "nobody_took_it" not in told(centre)
            declined = [each.number for each in centre.events(DutyDeclined)]
            assert declined == [ANN]

    in_virtual_time(story())


async def until(condition: Callable[[], bool], centre: CallCentre, number: str) -> None:
    """A story of at most five minutes, in which time takes no time."""
    for _ in range(600):
        if any(each.number == number for each in centre.events(DutyRang)) and condition():
            return
        await asyncio.sleep(0.5)
    raise AssertionError(told(centre))


def test_a_talk_with_the_person_on_duty_outlives_the_controller(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN)) as centre:
            centre.telephony.customers = {ANN: Party(after_s=1.0)}
            caller = centre.telephony.call("4008100002")
            await asyncio.sleep(5)
            person = leg(centre, ANN)
            person.press("1")
            await asyncio.sleep(3)
            await killed_and_started(centre)
            assert not person.gone and not caller.gone
            assert centre.hotline.talks.of(CallId(f"call-{caller.id}")) is not None
            person.leave()
            await asyncio.sleep(3)
            assert caller.heard[-1] == "goodbye"
            assert [end.outcome for end in centre.events(CallEnded)] == ["answered"]
            assert not centre.telephony.channels and not centre.telephony.bridges

    in_virtual_time(story())


def test_a_missed_duty_call_is_missed_once_also_when_the_controller_dies_during_the_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, duty_site(ANN)) as centre:
            caller = centre.telephony.call("4008100002")
            await until(lambda: bool(centre.events(DutyMissed)), centre, ANN)
            caller.speak(3.0)
            await asyncio.sleep(0.1)
            await killed_and_started(centre)
            await asyncio.sleep(60)
            assert told(centre) == ["ring 1", "no_answer 1", "nobody_took_it"]
            assert len(centre.events(CallbackOwed)) == len(centre.events(CallEnded)) == 1
            assert caller.heard[-2:] == ["message-saved", "goodbye"]

    in_virtual_time(story())


@pytest.mark.req("FUP-10")
def test_a_duty_number_that_may_not_be_dialled_is_passed_over_and_a_foreign_caller_is_owed_no_call(
    tmp_path: Path,
) -> None:
    """A site that was checked has none; a list may have grown since."""

    async def story() -> None:
        async with call_centre(tmp_path, duty_site("110", BEN)) as centre:
            centre.telephony.call("4008100002", "+2348031234567").speak(4.0)
            await asyncio.sleep(120)
            assert told(centre) == ["not_dialled 0", "ring 2", "no_answer 2", "nobody_took_it"]
            refused = [(event.number, event.reason) for event in centre.events(NumberRefused)]
            assert refused == [("110", "emergency"), ("+2348031234567", "foreign")]
            assert not centre.events(CallbackOwed)

    in_virtual_time(story())
