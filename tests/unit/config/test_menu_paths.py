"""What is no fault although it looks like one: paths through menus by `back`, and periods that touch."""

from config.loading.load import check_site
from tests.unit.config.workshop import Workshop

ONLY_BACK = """title: 通知
play: [info-hours]
keys: {"#": {go: back}}
no_input: {then: {go: back}}
invalid: {then: {go: play, play: [invalid-key], then: {go: back}}}
"""


def test_a_menu_that_only_goes_back_has_its_callers_exits(workshop: Workshop) -> None:
    workshop.write("menus/notice.yaml", ONLY_BACK)
    workshop.edit("menus/visit.yaml", '"*": {go: repeat}', '"*": {go: menu, menu: notice}')
    assert check_site(workshop.directory)[0] == []


def test_going_back_from_a_lines_own_menu_is_a_circle(workshop: Workshop) -> None:
    workshop.edit(
        "menus/aid.yaml",
        "play: [no-input]\n  then: {go: queue, queue: aid}",
        "play: [no-input]\n  then: ⟦no_input.then of menu 'aid' leads back⟧{go: back}",
    )
    workshop.assert_faults()


def test_back_and_forth_for_silence_is_a_circle_on_both_sides(workshop: Workshop) -> None:
    there, back = "{go: menu, menu: visit}", "{go: play, play: [goodbye], then: {go: back}}"
    for menu, queue, target in (("hotline", "hotline", there), ("visit", "hotline", back)):
        workshop.edit(
            f"menus/{menu}.yaml",
            f"play: [no-input]\n  then: {{go: queue, queue: {queue}}}",
            f"play: [no-input]\n  then: ⟦no_input.then of menu '{menu}' leads back⟧{target}",
        )
    workshop.assert_faults()


def test_a_lines_menu_of_nothing_but_back_has_no_exit(workshop: Workshop) -> None:
    workshop.write("menus/supervision.yaml", "⟦loop without exit: from menu 'supervision'⟧" + ONLY_BACK)
    workshop.assert_faults()


def test_a_closed_line_can_lead_to_a_menu_of_its_own(workshop: Workshop) -> None:
    menu = (workshop.directory / "menus" / "supervision.yaml").read_text(encoding="utf-8")
    workshop.write("menus/night.yaml", menu)
    workshop.edit(
        "lines.yaml",
        "    hours: always\n    ring_s: 0\n    fallback_queue: supervision",
        "    hours: always\n    out_of_hours: {go: play, play: [out-of-hours], then: {go: menu, menu: night}}\n"
        "    ring_s: 0\n    fallback_queue: supervision",
    )
    assert check_site(workshop.directory)[0] == []


def test_periods_may_touch_and_aliases_may_be_used(workshop: Workshop) -> None:
    workshop.edit("site.yaml", '["09:00-12:00", "14:00-20:00"]', '["09:00-12:00", "12:00-20:00"]')
    lines = (workshop.directory / "lines.yaml").read_text(encoding="utf-8")
    office = 'hours: &office {weekdays: {mon-thu: ["09:00-18:00"], fri: ["09:00-12:00", "12:00-17:00"]}}'
    lines = lines.replace("hours: always\n    ring_s", f"{office}\n    ring_s", 1)
    workshop.write("lines.yaml", lines.replace("hours: always\n    ring_s", "hours: *office\n    ring_s"))
    faults, site = check_site(workshop.directory)
    assert faults == []
    assert site is not None and site.lines[0].hours == site.lines[2].hours
