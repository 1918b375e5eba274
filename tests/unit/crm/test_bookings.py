"""The rules of bookings: state table, slots, places, guides, calls, words, figures, appointments."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from config.service.bookings import Appointments, Reminder, VisitSurvey
from config.values.fields import Period
from crm.bookings import appointments, model
from crm.bookings.appointments import AppointmentState, AppointmentStep, arrival, check_agreement
from crm.bookings.calls import reminder_due, survey_due
from crm.bookings.confirmation import House, confirmation
from crm.bookings.figures import appointment_figures, grouped, party_band, visit_figures
from crm.bookings.model import Booking, BookingRequest, BookingState, BookingStep, about, answered, call_key
from crm.bookings.slots import Occupied, Slot, check_wish, placing, slots_of, taken_in, why_not
from crm.errors import BookingRefused, IllegalTransition
from tests.fakes.small_bookings import small_bookings

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOURS = (Period(start=time(9), end=time(12)), Period(start=time(14), end=time(20)))
RULES = small_bookings()


def slot_at(hour: int, day: date = DAY) -> Slot:
    assert RULES.visits
    return next(slot for slot in slots_of(day, RULES.visits, "working", ZONE) if slot.starts.hour == hour)


def wish(party: int = 2, language: str | None = None, guide: str | None = None) -> BookingRequest:
    return BookingRequest(
        party=party, language=language, guide=guide, contact_name="王芳", contact_number="13812345678", note=""
    )


def taken(slot: Slot, party: int, guide: str | None = None, booking: int = 1) -> Occupied:
    return Occupied(booking=booking, starts_at=slot.starts_at, ends_at=slot.ends_at, party=party, guide=guide)


def booking(**others: Any) -> Booking:
    slot = slot_at(9)
    plain: dict[str, Any] = {
        "id": 7,
        "ticket": "20261122-0001",
        "ticket_agent": None,
        "customer_id": None,
        "customer_name": None,
        "state": BookingState.BOOKED,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "party": 2,
        "language": None,
        "guide": None,
        "contact_name": "王芳女士",
        "contact_number": "13812345678",
        "note": "",
        "made_at": NOW,
        "made_by": "8001",
        "told_at": None,
        "rating": None,
        "version": 1,
    }
    return Booking(**plain | others)


@pytest.mark.req("BKG-1")
@pytest.mark.parametrize(("state", "step"), list(product(BookingState, BookingStep)))
def test_every_step_in_every_state_is_in_the_table_or_refused(state: BookingState, step: BookingStep) -> None:
    if (state, step) in model.TRANSITIONS:
        assert model.apply(state, step) is model.TRANSITIONS[state, step]
    else:
        with pytest.raises(IllegalTransition):
            model.apply(state, step)


def test_a_cancelled_booking_stays_cancelled() -> None:
    assert not [step for step in BookingStep if (BookingState.CANCELLED, step) in model.TRANSITIONS]


@pytest.mark.req("BKG-3")
def test_a_key_counts_for_the_time_that_was_read_out_only() -> None:
    assert answered(BookingState.BOOKED, "confirm", same_time=True) is BookingStep.CONFIRM
    assert answered(BookingState.CONFIRMED, "cancel", same_time=True) is BookingStep.CANCEL
    assert answered(BookingState.BOOKED, "confirm", same_time=False) is BookingStep.ASK_CHANGE
    assert answered(BookingState.BOOKED, "cancel", same_time=False) is BookingStep.ASK_CHANGE
    assert answered(BookingState.CANCELLED, "confirm", same_time=True) is None
    assert answered(BookingState.VISITED, "cancel", same_time=True) is None


@pytest.mark.req("BKG-1")
def test_opening_periods_are_cut_into_slots_and_what_is_left_is_none() -> None:
    rules = small_bookings(
        visits={"hours": {"weekdays": {"wed": ("09:00-11:30", "13:00-24:00")}}, "slot_minutes": 120, "capacity": 5}
    )
    assert rules.visits
    slots = slots_of(DAY, rules.visits, "working", ZONE)
    assert [f"{slot.starts:%H:%M}" for slot in slots] == ["09:00", "13:00", "15:00", "17:00", "19:00", "21:00"]
    assert slots[0].starts_at == datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    assert slots[-1].ends_at - slots[-1].starts_at == timedelta(hours=2)
    assert slots_of(DAY, rules.visits, "holiday", ZONE) == ()
    assert slots_of(DAY + timedelta(days=1), rules.visits, "working", ZONE) == ()


@pytest.mark.req("BKG-1")
def test_single_dates_have_hours_and_room_of_their_own() -> None:
    hours = {"weekdays": {"mon-sun": ("09:00-17:00",)}, "dates": {DAY: ("10:00-12:00",)}}
    rules = small_bookings(visits={"hours": hours, "capacity": 5, "capacities": {DAY: 8}})
    assert rules.visits
    that_day = slots_of(DAY, rules.visits, "working", ZONE)
    assert [(slot.starts.hour, slot.capacity) for slot in that_day] == [(10, 8), (11, 8)]
    assert {slot.capacity for slot in slots_of(DAY + timedelta(days=1), rules.visits, "working", ZONE)} == {5}


@pytest.mark.req("BKG-1")
def test_a_slot_can_be_booked_in_its_time_only() -> None:
    assert RULES.visits
    slot = slot_at(9)
    assert why_not(slot, RULES.visits, NOW, ZONE) is None
    assert why_not(slot, RULES.visits, slot.starts_at, ZONE) == "past"
    assert why_not(slot, RULES.visits, slot.starts_at - timedelta(minutes=29), ZONE) == "too_soon"
    assert why_not(slot, RULES.visits, slot.starts_at - timedelta(minutes=30), ZONE) is None
    assert why_not(slot, RULES.visits, NOW - timedelta(days=60), ZONE) == "too_far"


@pytest.mark.req("BKG-1")
def test_a_full_slot_is_refused_and_what_overlaps_counts_whatever_slot_it_was_booked_in() -> None:
    slot = slot_at(10)
    place = placing(RULES, slot, "working", wish(party=3))
    assert place([taken(slot, 7), taken(slot_at(9), 10), taken(slot_at(11), 10)]) is None
    halfway = replace(slot, starts_at=slot.starts_at - timedelta(minutes=30), ends_at=slot.ends_at)
    assert taken_in(slot, [taken(halfway, 8)]) == 8
    with pytest.raises(BookingRefused, match="2 places are free at 10:00, not 3") as refused:
        place([taken(halfway, 8)])
    assert refused.value.reason == "full"


@pytest.mark.req("BKG-1")
def test_the_free_guide_of_fewest_languages_is_taken_then_of_fewest_tours() -> None:
    slot = slot_at(14)
    chinese = placing(RULES, slot, "working", wish(language="zh"))
    assert chinese([]) == "he"
    assert chinese([taken(slot, 2, "he")]) == "lin"
    assert chinese([taken(slot_at(9), 2, "he")]) == "he"
    with pytest.raises(BookingRefused, match="nobody is free") as refused:
        chinese([taken(slot, 2, "he"), taken(slot, 2, "lin")])
    assert refused.value.reason == "no_guide"
    assert placing(RULES, slot, "working", wish(language="en"))([]) == "lin"


@pytest.mark.req("BKG-1")
def test_a_guide_is_had_within_working_hours_and_party_size_and_once_at_a_time() -> None:
    assert placing(RULES, slot_at(14), "working", wish(language="ja", guide="sato"))([]) == "sato"
    for refused in (
        placing(RULES, slot_at(10), "working", wish(language="ja", guide="sato")),
        placing(RULES, slot_at(14), "working", wish(party=6, language="ja", guide="sato")),
        placing(RULES, slot_at(14), "working", wish(language="zh", guide="sato")),
    ):
        with pytest.raises(BookingRefused) as error:
            refused([])
        assert error.value.reason == "guide_busy"
    half_past = replace(slot_at(14), starts_at=slot_at(14).starts_at - timedelta(minutes=30))
    with pytest.raises(BookingRefused):
        placing(RULES, slot_at(14), "working", wish(language="ja", guide="sato"))([taken(half_past, 1, "sato")])


@pytest.mark.req("BKG-1")
@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (wish(party=0), "party_size"),
        (wish(party=11), "party_size"),
        (wish(language="fr"), "no_guide"),
        (wish(language="zh", guide="nobody"), "guide_busy"),
        (wish(guide="lin"), "guide_busy"),
    ],
)
def test_what_no_slot_can_fulfil_is_refused_at_once(wanted: BookingRequest, reason: str) -> None:
    with pytest.raises(BookingRefused) as refused:
        check_wish(RULES, wanted)
    assert refused.value.reason == reason


@pytest.mark.req("BKG-3")
def test_the_reminder_comes_the_day_before_within_permitted_hours_or_not_at_all() -> None:
    starts_at = slot_at(9).starts_at

    def due(rule: Reminder | None, now: datetime = NOW) -> str | None:
        at = reminder_due(starts_at, now, rule, HOURS, ZONE)
        return f"{at.astimezone(ZONE):%d %H:%M}" if at else None

    assert due(Reminder()) == "24 15:00"
    assert due(Reminder(at=time(13))) == "24 14:00"
    assert due(Reminder(days_before=0, at=time(7))) is None, "it would come when the visit has begun"
    assert due(Reminder(), now=starts_at - timedelta(hours=3)) is None, "just booked"
    assert due(None) is None


@pytest.mark.req("BKG-4")
def test_the_survey_comes_the_day_after_or_as_soon_as_it_may() -> None:
    starts_at = slot_at(9).starts_at
    at = survey_due(starts_at, starts_at, VisitSurvey(), HOURS, ZONE)
    assert at and f"{at.astimezone(ZONE):%d %H:%M}" == "26 10:00"
    late = datetime(2026, 11, 27, 12, 30, tzinfo=ZONE)
    at = survey_due(starts_at, late, VisitSurvey(), HOURS, ZONE)
    assert at and f"{at.astimezone(ZONE):%d %H:%M}" == "27 14:00"
    assert survey_due(starts_at, NOW, None, HOURS, ZONE) is None


def test_a_due_calls_key_says_what_it_is_about() -> None:
    assert about(call_key(12, "reminder", 3)) == (12, "reminder")
    assert about(call_key(12, "survey", 1)) == (12, "survey")
    assert call_key(12, "survey", 1).startswith(model.calls_of(12))
    assert not call_key(123, "survey", 1).startswith(model.calls_of(12))
    for other in ("8001:booking/12/reminder/3", "place:c1", "booking/x/reminder/3", "booking/12/other/3", ""):
        assert about(other) is None


@pytest.mark.req("BKG-2")
def test_the_confirmation_says_when_how_many_and_what_to_bring() -> None:
    words = confirmation(booking(language="en", guide="lin"), RULES, House("规划馆", "Planning Hall", ZONE))
    assert words.zh == (
        "【规划馆】王芳女士：您已预约 2026年11月25日（星期三）09:00–10:00 参观，共 2 人，英语讲解（讲解员 林若溪）。"
        "预约编号 7。\n1. 请提前十五分钟到达。\n2. 请携带有效身份证件。"
    )
    assert words.en == (
        "[Planning Hall] Dear 王芳女士, your visit is booked for Wednesday, 25 November 2026, 09:00–10:00, 2 people, "
        "guided in English (Lin Ruoxi). Booking number 7.\n1. Please arrive fifteen minutes early.\n"
        "2. Please bring a valid identity document."
    )
    plain = confirmation(booking(party=1, contact_name=""), RULES, House("规划馆", "Planning Hall", ZONE))
    assert "您好：" in plain.zh and "1 person." in plain.en and "讲解" not in plain.zh


@pytest.mark.req("BKG-4")
def test_figures_of_visits_and_guide_services() -> None:
    later = {"starts_at": slot_at(14).starts_at, "ends_at": slot_at(14).ends_at}
    rows = [
        booking(state=BookingState.VISITED, party=4, language="en", guide="lin", rating=5),
        booking(state=BookingState.VISITED, party=30, rating=2, **later),
        booking(state=BookingState.NO_SHOW, party=2, language="zh", guide="he"),
        booking(state=BookingState.CANCELLED, party=1),
        booking(state=BookingState.CONFIRMED, party=2),
        booking(state=BookingState.CHANGE_ASKED, party=2, starts_at=slot_at(9).starts_at + timedelta(days=1)),
    ]
    whole = msgspec.structs.asdict(visit_figures(rows))
    rate = whole.pop("no_show_rate")
    assert rate == pytest.approx(1 / 3)
    assert whole == {
        "bookings": 6,
        "people": 41,
        "ahead": 2,
        "confirmed": 1,
        "visited": 2,
        "visitors": 34,
        "no_shows": 1,
        "cancelled": 1,
        "guided": 1,
        "rated": 2,
        "rating": 3.5,
    }
    assert {name: group.bookings for name, group in grouped(rows, "day", ZONE).items()} == {
        "2026-11-25": 5,
        "2026-11-26": 1,
    }
    assert list(grouped(rows, "slot", ZONE)) == ["09:00", "14:00"]
    assert {name: group.guided for name, group in grouped(rows, "language", ZONE).items()} == {"": 0, "en": 1, "zh": 0}
    assert list(grouped(rows, "party", ZONE)) == ["1", "2", "3-5", "21-50"]
    assert grouped(rows, "guide", ZONE)["lin"].visitors == 4
    assert visit_figures([]).rating is None
    assert party_band(51) == "51+"


@pytest.mark.req("BKG-5")
@pytest.mark.parametrize(("state", "step"), list(product(AppointmentState, AppointmentStep)))
def test_appointments_go_by_their_table(state: AppointmentState, step: AppointmentStep) -> None:
    if (state, step) in appointments.TRANSITIONS:
        assert appointments.apply(state, step) is appointments.TRANSITIONS[state, step]
    else:
        with pytest.raises(IllegalTransition):
            appointments.apply(state, step)


@pytest.mark.req("BKG-5", "FUP-3")
def test_an_appointment_is_agreed_three_days_before_or_with_a_reason() -> None:
    rules = Appointments()
    evening = datetime(2026, 11, 22, 23, 50, tzinfo=ZONE)
    check_agreement(datetime(2026, 11, 25, 8, 0, tzinfo=ZONE), evening, rules, ZONE, "")
    with pytest.raises(BookingRefused, match="3 days before") as refused:
        check_agreement(datetime(2026, 11, 24, 23, 0, tzinfo=ZONE), evening, rules, ZONE, "  ")
    assert refused.value.reason == "too_short_notice"
    check_agreement(datetime(2026, 11, 24, 23, 0, tzinfo=ZONE), evening, rules, ZONE, "客户家中漏水")
    with pytest.raises(BookingRefused) as refused:
        check_agreement(evening, evening, rules, ZONE, "漏水")
    assert refused.value.reason == "past"


@pytest.mark.req("BKG-5")
def test_late_is_later_than_the_grace() -> None:
    at, rules = NOW, Appointments(late_after_minutes=15)
    assert arrival(at, at - timedelta(minutes=5), rules) is AppointmentStep.COME_IN_TIME
    assert arrival(at, at + timedelta(minutes=15), rules) is AppointmentStep.COME_IN_TIME
    assert arrival(at, at + timedelta(minutes=15, seconds=1), rules) is AppointmentStep.COME_LATE


@pytest.mark.req("BKG-5")
def test_figures_of_appointments() -> None:
    def row(state: AppointmentState, agreed_days_before: int | None) -> appointments.Appointment:
        agreed_at = None if agreed_days_before is None else NOW - timedelta(days=agreed_days_before)
        names = (
            "ticket",
            "kind",
            "person",
            "place",
            "contact_name",
            "contact_number",
            "note",
            "because",
            "proposed_by",
        )
        absent = ("ticket_agent", "customer_id", "customer_name", "agreed_by", "arrived_at")
        told: dict[str, Any] = dict.fromkeys(names, "x") | dict.fromkeys(absent)
        return appointments.Appointment(
            id=1, state=state, at=NOW, proposed_at=NOW, agreed_at=agreed_at, version=1, **told
        )

    rows = [
        row(AppointmentState.KEPT, 3),
        row(AppointmentState.LATE, 2),
        row(AppointmentState.MISSED, 4),
        row(AppointmentState.CANCELLED, None),
        row(AppointmentState.AGREED, 5),
    ]
    figures = appointment_figures(rows, Appointments(), ZONE)
    assert (figures.appointments, figures.agreed, figures.agreed_in_time) == (5, 4, 3)
    assert (figures.kept, figures.late, figures.missed, figures.cancelled) == (1, 1, 1, 1)
    assert figures.kept_rate == pytest.approx(1 / 3)
    assert appointment_figures([], Appointments(), ZONE).kept_rate is None
