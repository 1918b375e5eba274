"""Due calls that may not be dialled, or cannot by a fault of ours: set aside with a reason. The real store. FUP-10."""

import copy
import json
import logging
import pickle
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest

from config.calls.outbound import HourAndDay, Limits
from config.schema import Period
from crm.customers.model import Customer, CustomerNumber
from crm.followups.model import FAULTS_BORNE, DueCall, DueCallKind
from crm.journal.events import CallArrived, CallEnded, DialLimitNear, TalkStarted
from crm.use_cases.accounts.people import enrol_site
from ivr.outbound.dialler import UNSENT_RETRY_S
from ivr.port.secret_digits import SecretDigits
from ivr.port.values import DialOutcome, Digit
from tests.fakes.channel import Party
from tests.fakes.small_site import small_site
from tests.integration.harness.api import until
from tests.integration.test_kept_places import ANN, QUEUE, SOON_S, House, RealTimeTelephony, house

pytestmark = pytest.mark.req("FUP-10")

FLAGGED = "13811112222"


@dataclass
class SkewedTelephony(RealTimeTelephony):
    """Its clock is set forward as a test likes; it begins at noon of a day, when calls are permitted."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def at_ten() -> SkewedTelephony:
    """Ten in the morning in China."""
    telephony = SkewedTelephony(prompt_s=0.05)
    local = datetime.now(UTC) + timedelta(hours=8)
    telephony.ahead = timedelta(days=1) + local.replace(hour=10, minute=0) - local
    return telephony


async def owe(home: House, number: str, kind: DueCallKind = DueCallKind.REMINDER, **more: str) -> DueCall:
    """A call that is due now."""
    now = home.telephony.now()
    key = more.pop("key", f"k:{number}")
    entry = {"note": "", "queue": QUEUE, **more}
    return await home.store.due_calls.schedule(kind=kind, number=number, due_at=now, ticket=None, key=key, **entry)


async def ended(home: House, due: DueCall) -> DueCall:
    async def there() -> DueCall | None:
        row = await home.store.due_calls.get(due.id)
        return row if row and row.state in ("failed", "done") else None

    return await until(there, SOON_S, f"the end of due call {due.id}")


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("+2348031234567", "foreign"),
        ("110", "emergency"),
        ("4008100002", "own_line"),
        ("*72900123", "feature_code"),
        ("8001", "extension"),
    ],
)
@pytest.mark.parametrize("kind", [DueCallKind.REMINDER, DueCallKind.CALLBACK])
async def test_a_due_call_that_may_not_be_dialled_is_set_aside_at_once(
    tmp_path: Path, kind: DueCallKind, number: str, outcome: str
) -> None:
    """However it got into the store: no channel, no call, no agent asked, one attempt with the reason."""
    async with house(tmp_path, at_ten()) as home:
        home.ready()
        row = await ended(home, await owe(home, number, kind))
        assert (row.state, row.outcome, row.attempts) == ("failed", outcome, 1)
        (attempt,) = await home.store.due_calls.attempts(row.id)
        assert attempt.outcome == outcome
        assert not [line for line in home.telephony.log if "prepare" in line]
        assert not home.of(CallArrived)


async def flag(home: House) -> None:
    card = Customer(name="王芳", do_not_call=True, numbers=(CustomerNumber(raw=FLAGGED),))
    await home.store.customers.save(card, by="8001")


async def test_the_flag_on_the_card_holds_for_what_nobody_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path, at_ten(), with_cards=True) as home:
        await flag(home)
        home.telephony.customers = {FLAGGED: Party(after_s=0.1, talks_s=0.5)}
        reminder = await ended(home, await owe(home, FLAGGED))
        assert (reminder.outcome, reminder.attempts) == ("do_not_call", 1)
        assert not home.of(CallArrived)


async def test_a_caller_who_asks_is_called_back_whatever_the_card_says(tmp_path: Path) -> None:
    async with house(tmp_path, at_ten(), with_cards=True) as home:
        await flag(home)
        home.telephony.customers = {FLAGGED: Party(after_s=0.1, talks_s=0.5)}
        await home.waits(FLAGGED, wishes="11")
        await home.happens(lambda: home.of(CallEnded), "the goodbye")
        home.ready()
        (due,) = await home.due()
        assert (await ended(home, due)).outcome == "talked"


async def test_a_flag_that_is_set_while_the_callback_waits_for_its_turn_is_heeded_before_the_invite(
    tmp_path: Path,
) -> None:
    """The number was typed by somebody else: nobody knows whether its owner asked for the call."""
    async with house(tmp_path, at_ten(), with_cards=True, callback_to_other_number="with_code") as home:
        home.telephony.customers = {FLAGGED: Party(after_s=0.1, talks_s=0.5)}
        caller = await home.waits("13800000001", wishes="12")
        await home.happens(lambda: "callback-enter" in caller.heard, "the question")
        caller.press(f"{FLAGGED}#")
        await home.happens(lambda: caller.heard.count("callback-confirm") == 2, "the confirmation")
        caller.press("1")
        await home.happens(lambda: home.of(CallEnded), "the goodbye")
        await flag(home)
        home.ready()
        (due,) = await home.due()
        assert (await ended(home, due)).outcome == "do_not_call"
        assert not [line for line in home.telephony.log if "prepare" in line]


async def hands_on_to(home: House, number: str) -> tuple[DueCall, str]:
    """A caller has another number called back; its due call, and the code that the caller was told."""
    caller = await home.waits("13800000001", wishes="12")
    await home.happens(lambda: "callback-enter" in caller.heard, "the question")
    caller.press(f"{number}#")
    await home.happens(lambda: caller.heard.count("callback-confirm") == 2, "the confirmation")
    caller.press("1")
    await home.happens(lambda: home.of(CallEnded), "the goodbye")
    at = caller.heard.index("callback-code")
    (due,) = await home.due()
    return due, "".join(clip.removeprefix("num-") for clip in caller.heard[at + 1 : at + 5])


@pytest.mark.parametrize("right", [True, False])
async def test_another_number_is_connected_when_the_code_is_keyed_there_and_is_not_rung_again(
    tmp_path: Path, right: bool
) -> None:
    """A stranger who is rung because somebody typed that number is connected with nobody, once."""
    other = "13900001111"
    async with house(tmp_path, at_ten(), with_cards=True, callback_to_other_number="with_code") as home:
        home.telephony.customers = {other: Party(after_s=0.1, talks_s=6.0)}
        due, code = await hands_on_to(home, other)
        home.ready()
        await home.happens(lambda: [each for each in home.telephony.channels if each.endswith(".customer")], "the call")
        (channel,) = [each for name, each in home.telephony.channels.items() if name.endswith(".customer")]
        for asked in range(1, 2 if right else 4):
            await home.happens(lambda asked=asked: channel.heard.count("callback-code-ask") == asked, "the question")
            channel.press(code if right else str((int(code) + asked) % 10_000).rjust(4, "0"))
        row = await ended(home, due)
        assert (row.outcome, bool(home.of(TalkStarted))) == (("talked", True) if right else ("no_code", False))
        await home.happens(lambda: home.acd.agent(ANN).call_id is None, "the agent to be free")


def everything_written(directory: Path) -> str:
    """Each file below it as text; a database as its rows."""
    said = []
    for file in sorted(each for each in directory.rglob("*") if each.is_file()):
        if file.read_bytes().startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(file)) as rows:
                said.extend(rows.iterdump())
        else:
            said.append(file.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(said)


async def test_a_code_that_is_keyed_stands_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither right nor wrong nor with more keys than asked for: journal, store, every log line, events for pages."""
    other, wrong, beyond = "13900001111", ("7391", "8462"), "73911"
    caplog.set_level(logging.DEBUG)
    async with house(tmp_path, at_ten(), with_cards=True, callback_to_other_number="with_code") as home:
        home.telephony.customers = {other: Party(after_s=0.1, talks_s=6.0)}
        due, code = await hands_on_to(home, other)
        home.ready()
        await home.happens(lambda: [each for each in home.telephony.channels if each.endswith(".customer")], "the call")
        (channel,) = [each for name, each in home.telephony.channels.items() if name.endswith(".customer")]
        for asked, keys in enumerate((wrong[0], wrong[1] + beyond, code), start=1):
            await home.happens(lambda asked=asked: channel.heard.count("callback-code-ask") == asked, "the question")
            channel.press(keys)
        assert (await ended(home, due)).outcome == "talked", "what was keyed beyond was no try"
        await home.happens(lambda: home.acd.agent(ANN).call_id is None, "the agent to be free")
        told = "\n".join(map(repr, home.told))
    written, logged = everything_written(tmp_path), "\n".join(f"{each.__dict__}" for each in caplog.records)
    assert other in written and "CallArrived" in told, "these are the places"
    for digits in (*wrong, beyond):
        whole = re.compile(rf"(?<![\w.:]){digits}(?![\w.:])")
        assert not [place for place in (written, logged, told) if whole.search(place)], digits


def test_a_key_says_when_it_was_pressed_and_not_which_it_was() -> None:
    """Whoever logs one, or a list of them, or writes a secret by any usual way."""
    assert "7" not in repr(Digit(digit="7", at=datetime(2026, 1, 1, tzinfo=UTC)))
    secret = SecretDigits("7391")
    assert secret.matches("7391") and not secret.matches("7392") and not secret.matches("739")
    assert not [way for way in (repr(secret), str(secret), f"{secret}", f"{secret:>9}", f"{[secret]}") if "73" in way]
    for writes in (json.dumps, msgspec.json.encode, pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            writes(secret)


async def fails(home: House, due: DueCall, faults: int) -> None:
    """It is due now, and has failed so often by a fault of ours."""

    async def tried() -> bool | None:
        attempts = await home.store.due_calls.attempts(due.id)
        return True if sum(each.outcome == "fault" for each in attempts) == faults else None

    await until(tried, SOON_S, f"fault {faults}")


async def test_a_fault_of_ours_is_borne_three_times_then_told_and_taken_up_by_hand(tmp_path: Path) -> None:
    """Of a queue that the site has no more: it was tried every twelve seconds for ever, and blocked its number."""
    telephony = at_ten()
    async with house(tmp_path, telephony, with_cards=True) as home:
        await enrol_site(home.store, small_site().agents)
        due = await owe(home, "13800000001", DueCallKind.CALLBACK, queue="gone")
        for faults in range(1, 2 * FAULTS_BORNE + 1):
            await fails(home, due, faults)
            if faults % FAULTS_BORNE:
                telephony.ahead += timedelta(seconds=UNSENT_RETRY_S + 1)
                continue
            row = await ended(home, due)
            assert (row.state, row.outcome, row.attempts) == ("failed", "fault", faults)
            assert row.fault == "KeyError: 'gone'"
            aside = await home.store.due_calls.list(state="failed", outcome="fault")
            assert [each.id for each in aside.items] == [due.id]
            messages = (await home.store.messages.list(recipient="8801")).items
            assert len(messages) == faults // FAULTS_BORNE
            assert all(f"外呼任务 {due.id}" in each.text and row.fault in each.text for each in messages)
            if faults == FAULTS_BORNE:
                again = await home.store.due_calls.take_up(due.id, by="8801")
                assert (again.state, again.outcome, again.fault) == ("scheduled", None, "")


async def test_faults_of_ours_are_no_attempts_at_the_customer(tmp_path: Path) -> None:
    """Taken up again, it is tried as often as any other call."""
    telephony = at_ten()
    async with house(tmp_path, telephony) as home:
        due = await owe(home, "13800000001", queue="gone")
        for faults in range(1, FAULTS_BORNE + 1):
            await fails(home, due, faults)
            telephony.ahead += timedelta(seconds=UNSENT_RETRY_S + 1)
        await ended(home, due)
        with closing(sqlite3.connect(tmp_path / "store.db", timeout=60)) as site_is_mended:
            site_is_mended.execute("UPDATE due_call SET queue = ?", (QUEUE,))
            site_is_mended.commit()
        home.ready()
        home.telephony.customers = {"13800000001": Party(refuses=DialOutcome.BUSY)}
        await home.store.due_calls.take_up(due.id, by="8801")

        async def busy() -> DueCall | None:
            row = await home.store.due_calls.get(due.id)
            return row if row and row.state == "scheduled" and row.outcome == "busy" else None

        row = await until(busy, SOON_S, "the next attempt")
        assert row.due_at > telephony.now()


def dialled(home: House) -> list[str]:
    """Who was sent an INVITE."""
    return [line for line in home.telephony.log if line.endswith(".customer: dial")]


async def test_calls_that_are_due_at_once_pass_no_limit_and_the_rest_waits_also_over_a_restart(tmp_path: Path) -> None:
    """Five reminders for five people, begun by one tick; two may go out within the hour."""
    limits = Limits(per_trunk=HourAndDay(hour=2))
    numbers = [f"1380000000{index}" for index in range(1, 6)]
    telephony = at_ten()
    telephony.customers = {number: Party(after_s=0.1, talks_s=0.4) for number in numbers}
    async with house(tmp_path, telephony, limits=limits) as home:
        home.ready()
        for number in numbers:
            await owe(home, number)

        async def settled() -> list[DueCall] | None:
            rows = [row for row in await home.due() if row.state == "scheduled" and row.due_at > telephony.now()]
            return rows if len(rows) == 5 else None

        rows = await until(settled, SOON_S, "every call to be made once, or put off")
        assert len(dialled(home)) == 2
        waiting = [row for row in rows if row.attempts == 0]
        assert len(waiting) == 3 and all(row.outcome is None for row in waiting), "no attempt was counted"
        soon = telephony.now() + timedelta(minutes=59)
        assert all(soon < row.due_at <= soon + timedelta(minutes=2) for row in waiting)
        assert [(near.limit, near.met) for near in home.of(DialLimitNear)] == [("trunk_hour", True)]
    telephony.log.clear()
    again = at_ten()
    again.ahead, again.customers = telephony.ahead + timedelta(minutes=30), telephony.customers
    async with house(tmp_path, again, limits=limits) as home:
        home.ready()
        await owe(home, "13800000009")

        async def put_off() -> DueCall | None:
            row = next(row for row in await home.due() if row.number == "13800000009")
            return row if row.due_at > again.now() else None

        await until(put_off, SOON_S, "the new call to wait with the others")
        assert not dialled(home)


@pytest.mark.parametrize("kind", [DueCallKind.REMINDER, DueCallKind.CALLBACK])
async def test_each_kind_has_hours_of_its_own(tmp_path: Path, kind: DueCallKind) -> None:
    """At ten: reminders only from eleven on, callbacks from nine."""
    telephony, hours = at_ten(), {"reminder_hours": (Period(start=time(11), end=time(12)),)}
    async with house(tmp_path, telephony, **hours) as home:
        due = await owe(home, "13800000001", kind)

        async def looked_at() -> DueCall | None:
            row = await home.store.due_calls.get(due.id)
            return row if row and (home.of(CallArrived) or row.due_at > telephony.now()) else None

        row = await until(looked_at, SOON_S, "the dialler to begin it, or to put it off")
        put_off = kind is DueCallKind.REMINDER
        assert bool(home.of(CallArrived)) is not put_off
        assert row.due_at.astimezone(small_site().zone).hour == (11 if put_off else 10)
