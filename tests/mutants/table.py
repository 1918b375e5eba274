"""Figures and rules changed on purpose: for each the test that has to notice. Read by test_mutants.py."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`before`, which is in `file` once, becomes `after`; then `test` (file::name), which shows `req`, must fail."""

    req: str
    file: str
    before: str
    after: str
    test: str

    @property
    def name(self) -> str:
        return f"{self.req} {self.before.splitlines()[0].strip()} → {self.after.splitlines()[0].strip()}"


_PRESET = "config/presets/three-lines.yaml"
_POLICY = "tests/unit/crm/test_policy.py::test_the_demo_site_goes_by_the_three_lines_figures"
_BY_HAND = "tests/unit/crm/test_deadlines_by_hand.py::test_a_deadline_is_as_it_was_counted_by_hand"
_DEFAULTS = "tests/unit/config/test_default_figures.py"
_FIGURES = "tests/unit/routing/test_figures.py"

MUTANTS = (
    Mutant("TEL-1", _PRESET, "limit: 15\n", "limit: 20\n", _POLICY),
    Mutant(
        "TEL-1",
        "ivr/live/call.py",
        "return 1 + max(0, math.floor(",
        "return 1 + max(0, math.ceil(",
        "tests/unit/ivr/test_call.py::test_rings_are_counted_from_the_invite",
    ),
    Mutant(
        "TEL-2",
        "config/schema.py",
        "threshold_s: Seconds = 10",
        "threshold_s: Seconds = 12",
        f"{_DEFAULTS}::test_a_representative_within_ten_seconds",
    ),
    Mutant(
        "TEL-3",
        "ivr/words/speech.py",
        '"agent-before", *number, "agent-after"',
        '"agent-before", "agent-after"',
        "tests/unit/ivr/test_speech.py::test_the_agent_is_announced_with_hall_and_number",
    ),
    Mutant(
        "TEL-4",
        "config/schema.py",
        "Period(start=time(6), end=time(11))",
        "Period(start=time(6), end=time(12))",
        "tests/unit/ivr/test_greeting.py::test_by_the_hour",
    ),
    Mutant(
        "TEL-5",
        "ivr/words/wait_words.py",
        "return rules.sorry_after_s, rules.sorry_every_s",
        "return rules.comfort_after_s, rules.sorry_every_s",
        "tests/unit/ivr/test_wait_words.py::test_each_thing_has_its_own_time_and_what_falls_together_is_said_one_after_the_other",
    ),
    Mutant(
        "TEL-8",
        "app/web/api/common/shown.py",
        "TALK_RED_S = 180",
        "TALK_RED_S = 240",
        f"{_DEFAULTS}::test_an_outbound_talk_turns_amber_and_red",
    ),
    Mutant(
        "TEL-10",
        "config/schema.py",
        "le=3650)] = 180",
        "le=3650)] = 90",
        f"{_DEFAULTS}::test_recordings_are_announced_and_kept_for_half_a_year",
    ),
    Mutant(
        "TKT-1",
        "crm/use_cases/tickets.py",
        "ticket or self._journal.next_ticket_number(at.astimezone(self._zone).date())",
        "ticket or self._journal.next_ticket_number(at.date())",
        "tests/unit/crm/test_tickets_service.py::test_a_ticket_is_numbered_by_the_sites_day_and_journalled_before_it_is_told",
    ),
    Mutant(
        "TKT-3",
        "crm/calls/record.py",
        "speech_s=_seconds(queued_at or arrived.at, talk_at)",
        "speech_s=_seconds(arrived.at, talk_at)",
        "tests/unit/crm/test_call_record.py::test_a_call_with_all_its_instants",
    ),
    Mutant("TKT-4", _PRESET, "limit: 24\n", "limit: 36\n", _POLICY),
    Mutant(
        "TKT-7",
        "crm/tickets/search.py",
        "yield Word(letter + following, place, end + 1)",
        "yield Word(letter, place, place + 1)",
        "tests/unit/crm/test_search.py::test_a_text_becomes_pairs_of_characters_and_whole_words",
    ),
    Mutant("CPL-2", _PRESET, "limit: 2\n    starts: passed_on", "limit: 3\n    starts: passed_on", _POLICY),
    Mutant(
        "CPL-2",
        _PRESET,
        "limit: 1\n    starts: received\n    stops: passed_on",
        "limit: 2\n    starts: received\n    stops: passed_on",
        _POLICY,
    ),
    Mutant("CPL-3", _PRESET, "limit: 3\n", "limit: 4\n", _POLICY),
    Mutant("CPL-3", "crm/regulation/deadlines.py", "Counting.SAME_DAY else 1,", "Counting.SAME_DAY else 0,", _BY_HAND),
    Mutant(
        "CPL-3",
        "crm/regulation/calendar.py",
        'return CalendarDay(day, "make_up", "official", names)',
        'return CalendarDay(day, "weekend", "official", names)',
        _BY_HAND,
    ),
    Mutant(
        "CPL-6",
        "config/service/policy.py",
        "Escalation(at=0.8,",
        "Escalation(at=0.9,",
        "tests/unit/crm/test_policy.py::test_the_ladder_warns_at_half_and_four_fifths_and_tells_the_level_above_at_the_end",
    ),
    Mutant(
        "FUP-6",
        "config/calls/outbound.py",
        "le=10)] = 3\n    gap_s",
        "le=10)] = 5\n    gap_s",
        f"{_DEFAULTS}::test_when_and_how_often_customers_are_called",
    ),
    Mutant(
        "FUP-6",
        "crm/followups/model.py",
        "attempts_made >= rules.attempts",
        "attempts_made > rules.attempts",
        "tests/unit/crm/test_followups.py::test_the_gap_ends_in_permitted_hours_and_the_attempts_are_limited",
    ),
    Mutant(
        "CUS-3",
        "config/numbering.py",
        '_MOBILE.fullmatch(digits.removeprefix("0"))',
        "_MOBILE.fullmatch(digits)",
        "tests/unit/config/test_numbering.py::test_a_number_in_any_notation_is_one_number",
    ),
    Mutant(
        "CUS-4",
        "config/numbering.py",
        'return f"{number[:3]}****{number[-4:]}"',
        'return f"{number[:5]}**{number[-4:]}"',
        "tests/unit/config/test_numbering.py::test_masking",
    ),
    Mutant(
        "QUA-1",
        "routing/statistics/figures.py",
        "SATISFIED: Final = 4",
        "SATISFIED: Final = 3",
        f"{_FIGURES}::test_keys_4_and_5_are_satisfied_of_those_who_pressed_any",
    ),
    Mutant(
        "RPT-1",
        "routing/statistics/figures.py",
        "return Ratio(t.wait, t.answered, ",
        "return Ratio(t.wait, t.handled, ",
        f"{_FIGURES}::test_the_figures_of_a_day_worked_by_hand",
    ),
)
