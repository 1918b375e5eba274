"""The demo site says what the design promises of it (design section 5), with the files as they are."""

from datetime import date, time
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.calls.actions import MessageAction, PlayAction, QueueAction, ultimate
from config.loading.crosscheck import SiteSources, cross_faults
from config.loading.load import load_site
from config.loading.system_prompts import SYSTEM_PROMPTS
from config.loading.yaml_source import read_yaml
from config.schema import DutyAction, OpeningHours, Period, Settings, Site
from config.values.fields import END_OF_DAY, days_named, period_bounds
from tests.unit.config.workshop import DEMO, Workshop


@pytest.fixture(scope="module")
def site(sound_site: Path) -> Site:
    return load_site(sound_site)


@pytest.mark.req("LNE-1")
def test_lines_queues_and_people(site: Site) -> None:
    assert {line.dnis: line.kind for line in site.lines} == {
        "4008100001": "aid",
        "4008100002": "hotline",
        "4008100003": "supervision",
    }
    assert [queue.name for queue in site.queues] == ["aid", "hotline", "supervision", "province"]
    assert {agent.id for agent in site.agents} == {*(str(n) for n in range(8001, 8007)), "8101", "8102", "8801", "8901"}
    assert [agent.id for agent in site.agents if not agent.telephone] == ["8901"]
    assert site.agent("8801").role == "supervisor"
    assert all("8001" in queue.agents for queue in site.queues[:3])
    assert site.zone.key == "Asia/Shanghai"


def test_key_1_and_key_0_of_every_lines_menu_reach_its_queue(site: Site) -> None:
    for line in site.lines:
        for key in "10":
            action = site.menu(line.menu).keys[key]
            assert isinstance(action, QueueAction)
            assert site.queue(action.queue).kind == line.kind


def test_every_menu_has_a_human_and_the_demo_shows_every_way(site: Site) -> None:
    for menu in site.menus:
        assert isinstance(menu.keys["0"], QueueAction)
    shown = {action.go for menu in site.menus for action in menu.keys.values()}
    assert shown == {"queue", "menu", "message", "repeat", "back", "play", "language"}


def test_the_linkage_leads_over_the_levels_to_the_people_on_duty() -> None:
    """LNE-7, TEL-6; with the files as they are."""
    demo = load_site(DEMO)
    way, at = ["aid"], demo.queue("aid")
    while isinstance(onward := at.overflow[0].to, QueueAction):
        at = demo.queue(onward.queue)
        way.append(at.name)
    assert way == ["aid", "hotline", "supervision", "province"]
    assert [demo.queue(name).level for name in way] == ["hall", "hall", "hall", "province"]
    assert isinstance(onward, DutyAction)
    assert [person.number for person in demo.duty_roster(onward.duty).people] == ["13900000001", "13900000002"]


def test_lookups(site: Site) -> None:
    line = site.line_for("4008100003")
    assert line is not None and line.title == "服务监督电话"
    assert isinstance(ultimate(line.out_of_hours), MessageAction)
    assert isinstance(line.out_of_hours, PlayAction)
    assert site.line_for("110") is None
    for lookup in (site.queue, site.menu, site.agent):
        with pytest.raises(KeyError):
            lookup("none")


def test_a_site_is_frozen(site: Site) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        site.trunk.caller_id = "1"


def test_special_days_are_dates(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "special_days: {}", "special_days: {2027-02-20: make_up}")
    assert load_site(workshop.directory).special_days == {date(2027, 2, 20): "make_up"}
    workshop.edit(
        "site.yaml", "{2027-02-20: make_up}", "{⟦is no date⟧2027-02-30: make_up, 2027-02-21: ⟦allowed are⟧odd}"
    )
    workshop.assert_faults()


def test_the_files_in_the_repository_agree_with_each_other() -> None:
    """Without the sound files, which have a test of their own."""
    names = sorted(path.stem for path in (DEMO / "menus").glob("*.yaml"))
    settings, lines, queues, agents = (
        read_yaml(DEMO / f"{name}.yaml")[0] for name in ("site", "lines", "queues", "agents")
    )
    prompts = read_yaml(DEMO / "prompts" / "prompts.yaml")[0]
    menus = {name: read_yaml(DEMO / "menus" / f"{name}.yaml")[0] for name in names}
    assert cross_faults(SiteSources(settings, lines, queues, agents, prompts, menus)) == []
    listed = prompts.tree.get("prompts")
    assert listed is not None and listed.entries is not None
    assert SYSTEM_PROMPTS <= listed.entries.keys()
    assert Settings.model_validate(settings.tree.plain()).ring_period_s == 5


def test_days() -> None:
    assert days_named("mon") == ("mon",)
    assert days_named("mon-wed") == ("mon", "tue", "wed")
    assert days_named("sat-mon") == ("sat", "sun", "mon")
    assert [days_named(bad) for bad in ("", "monday", "mon-", "-mon", "mon-xyz", "mon-tue-wed")] == [()] * 6


def test_periods() -> None:
    assert period_bounds("09:00-12:00") == (time(9), time(12))
    assert period_bounds("00:00-24:00") == (time(0), END_OF_DAY)
    for bad in ("9-12", "12:00-09:00", "09:00-09:00", "24:00-24:00", "09:60-10:00", "25:00-26:00", "always"):
        assert period_bounds(bad) is None
    period = Period.model_validate("18:00-24:00")
    assert period.contains(time(18)) and period.contains(time.max)
    assert not period.contains(time(17, 59, 59))
    assert not Period(start=time(9), end=time(12)).contains(time(12))


def test_hours_by_day() -> None:
    hours = OpeningHours.model_validate(
        {"weekdays": {"mon-fri": ("13:00-18:00",), "fri": ("09:00-12:00",)}, "holidays": "open"}
    )
    assert [period.start for period in hours.weekdays["fri"]] == [time(9), time(13)]
    assert "sat" not in hours.weekdays
