"""Limits of outbound calls on the call path in memory: transfers by page and telephone, people on duty. FUP-10."""

import asyncio
from pathlib import Path

import pytest

from config.calls.outbound import HourAndDay, Limits, OutboundRules
from config.schema import Site
from crm.journal.events import DialLimitNear, NumberDialled, NumberRefused, TransferAsked, TransferFailed
from ivr.live.parties import Target
from ivr.live.talks import LimitReached
from ivr.talking import control
from tests.fakes.call_centre import ANN, BEN, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import Party
from tests.fakes.small_site import small_site

pytestmark = pytest.mark.req("FUP-10")

NUMBERS = ("13912345678", "13912345679")


def limited(**limits: HourAndDay | float | None) -> Site:
    return small_site().model_copy(update={"outbound": OutboundRules(limits=Limits().model_copy(update=limits))})


def invites(centre: CallCentre) -> list[str]:
    return [line for line in centre.telephony.log if line.endswith(": dial")]


@pytest.mark.parametrize("mode", ["consult", "transfer_blind"])
@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"per_agent": HourAndDay(hour=1)}, "agent_hour"),
        ({"per_number_asked": HourAndDay(day=1)}, "number_asked_day"),
        ({"per_trunk": HourAndDay(hour=1)}, "trunk_hour"),
        ({"spend_per_day": 0.2}, "spend_day"),
    ],
)
def test_one_transfer_too_many_is_refused_with_words_and_the_talk_goes_on(
    tmp_path: Path, limits: dict[str, HourAndDay | float], name: str, mode: str
) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, limited(**limits)) as centre:
            centre.telephony.customers = {NUMBERS[0]: Party(after_s=1)}
            centre.available(ANN)
            _, live = await centre.talk()
            target, ask = Target("number", NUMBERS[0]), getattr(control, mode)
            await live.ask(lambda: control.consult(centre.hotline, live, target))
            await asyncio.sleep(3)
            await live.ask(lambda: control.cancel(centre.hotline, live))
            with pytest.raises(LimitReached) as refused:
                await live.ask(lambda: ask(centre.hotline, live, target))
            assert refused.value.met.limit == name and refused.value.met.again_at > centre.hotline.now()
            assert len(invites(centre)) == 1 and len(centre.events(TransferAsked)) == 1
            assert [event.reason for event in centre.events(NumberRefused)] == [name]
            centre.leg(live, ANN).refer(NUMBERS[0])
            await asyncio.sleep(1)
            assert centre.leg(live, ANN).progress == ["failed"] and len(invites(centre)) == 1
            assert centre.inside(live), "the talk went on"
            (dialled,) = centre.events(NumberDialled)
            assert (dialled.purpose, dialled.by, dialled.kind) == ("transfer", ANN, "mobile")

    in_virtual_time(story())


def test_two_agents_at_once_do_not_pass_a_limit_together(tmp_path: Path) -> None:
    """Both were told that it was possible; what counts is what is counted when it is dialled."""

    async def story() -> None:
        async with call_centre(tmp_path, limited(per_trunk=HourAndDay(hour=1))) as centre:
            centre.telephony.customers = dict.fromkeys(NUMBERS, Party(after_s=1))
            centre.available(ANN)
            _, first = await centre.talk("13800000001")
            centre.available(BEN)
            _, second = await centre.talk("13800000002")
            await asyncio.gather(
                *(
                    live.ask(lambda live=live, to=to: control.consult(centre.hotline, live, Target("number", to)))  # type: ignore[misc]
                    for live, to in zip((first, second), NUMBERS, strict=True)
                )
            )
            await asyncio.sleep(5)
            assert len(invites(centre)) == len(centre.events(NumberDialled)) == 1
            assert [failed.reason for failed in centre.events(TransferFailed)] == ["not_dialled"]
            assert [event.reason for event in centre.events(NumberRefused)] == ["trunk_hour"]

    in_virtual_time(story())


def test_supervisors_are_told_before_and_when_a_limit_is_met(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, limited(per_agent=HourAndDay(hour=5))) as centre:
            centre.telephony.customers = {NUMBERS[0]: Party(after_s=1)}
            centre.available(ANN)
            _, live = await centre.talk()
            for _ in range(5):
                await live.ask(lambda: control.consult(centre.hotline, live, Target("number", NUMBERS[0])))
                await asyncio.sleep(3)
                await live.ask(lambda: control.cancel(centre.hotline, live))
            told = [(near.limit, near.who, near.used, near.met) for near in centre.events(DialLimitNear)]
            assert told == [("agent_hour", ANN, 4, False), ("agent_hour", ANN, 5, True)]

    in_virtual_time(story())
