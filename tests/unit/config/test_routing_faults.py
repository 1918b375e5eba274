"""Faults in how calls are routed: skills, strategies, overflow, duty. Two of each kind, at their exact places."""

from collections.abc import Callable

import pytest

from config.loading.load import check_site, load_site
from config.schema import DutyAction, OverflowStep, QueueAction
from tests.unit.config.workshop import Workshop

DUTY = """duty:
  - id: night
    title: 夜间值班
    title_en: Night duty
    intro: beep
    number_intro: beep
    press_one: beep
    missed: beep
    people:
      - {name: 甲, number: "13800000001", hours: {weekdays: {mon-fri: ["18:00-24:00"HALF]}}}
      - {name: 乙, number: "13800000002"WHOLE}
"""


def duty(site: Workshop, half: str = "", whole: str = "") -> None:
    site.append("site.yaml", DUTY.replace("HALF", half).replace("WHOLE", whole))


def overflow(site: Workshop, agents: str, *steps: str) -> None:
    """Steps for the queue that has these agents."""
    rows = "".join(f"      - {step}\n" for step in steps)
    site.edit("queues.yaml", f"    agents: [{agents}]\n", f"    agents: [{agents}]\n    overflow:\n{rows}")


AID, HOTLINE, SUPERVISION = (
    '"8001", "8002", "8003", "8004"',
    '"8001", "8002", "8003", "8004", "8005", "8006"',
    '"8001", "8005", "8006"',
)


def skills_nobody_has(site: Workshop) -> None:
    site.append(
        "site.yaml", "skills:\n" + "".join(f"  - {{id: {s}, title: 甲, title_en: A}}\n" for s in ("sign", "law"))
    )
    site.edit("agents.yaml", "name_en: Li Zhiqiang}", "name_en: Li Zhiqiang, skills: {law: 3}}")
    site.edit("agents.yaml", "name_en: Sun Lihua}", "name_en: Sun Lihua, skills: {sign: 9, law: 9}}")
    site.edit(
        "queues.yaml",
        f"    agents: [{AID}]\n",
        f"    agents: [{AID}]\n    needs: {{law: ⟦the best has level 3⟧4, sign: ⟦nobody there has it⟧1}}\n"
        "    relax: [{after_s: 10, needs: {law: 3}}, {after_s: 20, needs: {sign: ⟦'sign' at level 2⟧2}}]\n",
    )
    site.edit(
        "queues.yaml",
        f"    agents: [{SUPERVISION}]\n",
        f"    agents: [{SUPERVISION}]\n    needs: {{law: 9, sign: 9}}\n",
    )
    site.edit("agents.yaml", "name_en: Zhou Wenbo}", "name_en: Zhou Wenbo, skills: {sign: 10}}")
    site.edit("agents.yaml", "name_en: Zhao Jianguo}", "name_en: Zhao Jianguo, skills: {law: 3}}")


def skills_nobody_has_together(site: Workshop) -> None:
    site.append(
        "site.yaml", "skills:\n" + "".join(f"  - {{id: {s}, title: 甲, title_en: A}}\n" for s in ("sign", "law"))
    )
    site.edit("agents.yaml", "name_en: Chen Xiaomei}", "name_en: Chen Xiaomei, skills: {law: 3}}")
    site.edit("agents.yaml", "name_en: Zhou Wenbo}", "name_en: Zhou Wenbo, skills: {sign: 3}}")
    for agents in (SUPERVISION, HOTLINE):
        site.edit(
            "queues.yaml",
            f"    agents: [{agents}]\n",
            f"    agents: [{agents}]\n    needs: ⟦has all of law, sign together⟧{{law: 1, sign: 1}}\n",
        )


def unknown_skills(site: Workshop) -> None:
    site.append("site.yaml", "skills: [{id: law, title: 甲, title_en: A}]\n")
    site.edit(
        "queues.yaml",
        f"    agents: [{AID}]\n",
        f"    agents: [{AID}]\n    needs: {{⟦unknown skill 'laww'⟧laww: 4, ⟦unknown skill 'sing'⟧sing: 1}}\n",
    )


def overflow_circles(site: Workshop) -> None:
    site.edit("queues.yaml", f"    agents: [{AID}]\n", f"    agents: [{AID}]\n    level: hall\n")
    steps = "{after_s: 60, play: [], to: ⟦moved on from 'aid' to 'hotline' (after_s)⟧{go: queue, queue: hotline}}"
    site.edit("queues.yaml", "    level: hall\n", f"    level: hall\n    overflow: [{steps}]\n")
    overflow(site, HOTLINE, "{no_staff: true, play: [], to: {go: queue, queue: supervision}}")
    site.edit(
        "queues.yaml",
        "{no_staff: true, play: [], to: {go: queue, queue: supervision}}",
        "{no_staff: true, play: [], to: ⟦to 'supervision' (no_staff)⟧"
        "{go: play, play: [goodbye], then: {go: queue, queue: supervision}}}",
    )
    queues = (site.directory / "queues.yaml").read_text(encoding="utf-8")
    head, supervision, tail = queues.partition("  - name: supervision")
    tail = tail.replace(
        "on_max_wait: {go: play, play: [apology-system], then: {go: message}}",
        "on_max_wait: ⟦from 'supervision' to 'aid' (on_max_wait)⟧{go: queue, queue: aid}\n"
        "    overflow: [{closed: true, play: [], to: ⟦from 'supervision' to 'supervision' (closed)⟧"
        "{go: queue, queue: supervision}}]",
        1,
    )
    site.write("queues.yaml", head + supervision + tail)


def queues_without_agents(site: Workshop) -> None:
    for agents in (AID, SUPERVISION):
        site.edit("queues.yaml", f"    agents: [{agents}]\n", "    agents: ⟦a queue without agents⟧[]\n")


def unknown_strategies(site: Workshop) -> None:
    site.edit(
        "queues.yaml",
        f"    agents: [{AID}]\n",
        f"    agents: [{AID}]\n    strategy: ⟦unknown strategy 'longest-idle'⟧longest-idle\n",
    )
    site.edit(
        "queues.yaml",
        f"    agents: [{HOTLINE}]\n",
        f"    agents: [{HOTLINE}]\n    strategy: ⟦did you mean 'round_robin'?⟧roundrobin\n",
    )


def unknown_references(site: Workshop) -> None:
    duty(site)
    site.edit(
        "queues.yaml",
        f"    agents: [{AID}]\n",
        f"    agents: [{AID}]\n    level: ⟦unknown level 'hal'; levels are: hall, province⟧hal\n",
    )
    overflow(
        site,
        HOTLINE,
        "{after_s: 5, play: [], to: {go: duty, duty: ⟦did you mean 'night'?⟧nihgt}}",
        "{after_s: 6, play: [⟦unknown prompt 'hello'⟧hello], to: {go: queue, queue: ⟦unknown queue⟧nowhere}}",
        "{after_s: 7, play: [], to: ⟦works only inside a menu⟧{go: repeat}}",
    )
    site.edit("menus/aid.yaml", '"2": {go: message}', "\"2\": {go: duty, duty: ⟦unknown duty roster 'day'⟧day}")


def overlapping_duty_hours(site: Workshop) -> None:
    duty(
        site,
        ", ⟦'23:00-24:00' overlaps '18:00-24:00' on mon⟧\"23:00-24:00\"",
        ', hours: {weekdays: {}, dates: {2026-12-31: ["00:00-09:00", ⟦on 2026-12-31⟧"08:59-10:00"]}}',
    )


def bad_steps(site: Workshop) -> None:
    to = "to: {go: message}, play: []"
    overflow(
        site,
        AID,
        f"⟦exactly one condition: after_s, longer_than, no_staff, closed⟧{{{to}}}",
        f"⟦exactly one condition⟧{{after_s: 5, closed: true, {to}}}",
        f"{{after_s: ⟦bad duration 0⟧0, {to}}}",
        f"{{longer_than: ⟦too small: at least 1⟧0, {to}}}",
        f"{{no_staff: ⟦allowed are: True⟧false, {to}}}",
        "{no_staff: true, ⟦unknown key 'too'⟧too: 1, ⟦unknown key 'say'⟧say: [], to: {go: message}, play: []}",
    )


def bad_duty(site: Workshop) -> None:
    duty(site, "", ', hours: {weekdays: {mon: [⟦bad period⟧"9-12"]}}')
    site.edit("site.yaml", 'number: "13800000001"', 'number: ⟦is not a telephone number⟧"138-0000"')
    again = DUTY.replace("duty:\n", "").partition("    people:")[0]
    site.append("site.yaml", again.replace("id: night", "id: ⟦duplicate duty roster 'night'⟧night"))
    site.append("site.yaml", "    people: ⟦nobody on duty⟧[]\n")


KINDS: list[Callable[[Workshop], None]] = [
    skills_nobody_has,
    skills_nobody_has_together,
    unknown_skills,
    overflow_circles,
    queues_without_agents,
    unknown_strategies,
    unknown_references,
    overlapping_duty_hours,
    bad_steps,
    bad_duty,
]


@pytest.mark.parametrize("break_site", KINDS, ids=lambda kind: kind.__name__)
def test_two_faults_of_a_kind_are_found_at_their_places(
    workshop: Workshop, break_site: Callable[[Workshop], None]
) -> None:
    break_site(workshop)
    workshop.assert_faults()


def test_the_default_prompts_of_overflow_and_duty_must_exist(workshop: Workshop) -> None:
    prompts = (workshop.directory / "prompts" / "prompts.yaml").read_text(encoding="utf-8")
    without = [row for row in prompts.splitlines() if "moved-on" not in row and "duty-" not in row]
    workshop.write("prompts/prompts.yaml", "\n".join(without) + "\n")
    site = (workshop.directory / "site.yaml").read_text(encoding="utf-8")
    if "\nduty:" not in site:
        duty(workshop)
        overflow(workshop, AID, "{after_s: 5, to: {go: message}}")
    site = (workshop.directory / "site.yaml").read_text(encoding="utf-8")
    workshop.write("site.yaml", "\n".join(row for row in site.splitlines() if not row.endswith(": beep")))
    messages = {fault.message.split(";")[0] for fault in check_site(workshop.directory)[0]}
    names = ("moved-on", "duty-intro", "duty-number", "duty-key", "duty-missed")
    assert {f"unknown prompt '{name}'" for name in names} <= messages


def test_a_sound_linkage_loads(workshop: Workshop) -> None:
    duty(workshop)
    overflow(workshop, AID, "{longer_than: 3, play: [], to: {go: queue, queue: hotline}}")
    overflow(workshop, HOTLINE, "{after_s: 5, play: [beep], to: {go: queue, queue: supervision}}")
    overflow(workshop, SUPERVISION, "{closed: true, play: [], to: {go: duty, duty: night}}")
    loaded = load_site(workshop.directory)
    assert loaded.queue("aid").overflow == (OverflowStep(longer_than=3, play=(), to=QueueAction(queue="hotline")),)
    assert loaded.queue("supervision").overflow[0].to == DutyAction(duty="night")
    roster = loaded.duty_roster("night")
    assert [person.number for person in roster.people] == ["13800000001", "13800000002"]
    assert roster.people[1].hours.weekdays.keys() == {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    assert roster.people[0].hours.holidays == "open"
