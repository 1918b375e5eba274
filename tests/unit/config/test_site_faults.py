"""Every fault of a site is found, at its exact place, together with all others. Milestone B7, design section 5."""

import re
import time
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from config.loading.load import SiteFaults, check_site, load_site
from config.loading.yaml_source import read_yaml
from tests.unit.config.workshop import Workshop


def unknown_keys(site: Workshop) -> None:
    site.edit(
        "menus/aid.yaml",
        "overall_timeout_s: 20",
        "overall_timeout_s: 20\n⟦did you mean 'inter_digit_timeout_s'?⟧inter_digit_timeuot_s: 3",
    )
    site.edit(
        "menus/aid.yaml",
        '"1": {go: queue, queue: aid}',
        "\"1\": {go: queue, queue: aid, ⟦unknown key 'priority'; keys here are: go, queue⟧priority: 3}",
    )


def dangling_menu_targets(site: Workshop) -> None:
    site.edit("menus/hotline.yaml", "menu: visit", "menu: ⟦did you mean 'visit'?⟧visits")
    site.edit(
        "menus/hotline.yaml",
        '"2": {go: message}',
        "\"2\": {go: play, play: [goodbye], then: {go: menu, menu: ⟦unknown menu 'nowhere'⟧nowhere}}",
    )


def unreachable_menus(site: Workshop) -> None:
    menu = (site.directory / "menus" / "supervision.yaml").read_text(encoding="utf-8")
    for name in ("night", "feast"):
        site.write(f"menus/{name}.yaml", menu.replace("title:", f"⟦unreachable menu '{name}'⟧title:"))
    site.edit("menus/night.yaml", '"2": {go: message}', '"2": {go: menu, menu: feast}')
    site.edit("menus/feast.yaml", '"2": {go: message}', '"2": {go: menu, menu: night}')


def missing_prompts(site: Workshop) -> None:
    site.edit("menus/supervision.yaml", "play: [no-input]", "play: [⟦did you mean 'no-input'?⟧no-inputt]")
    site.edit("menus/supervision.yaml", "play: [invalid-key]", "play: [⟦unknown prompt 'hello'⟧hello]")
    site.edit(
        "prompts/prompts.yaml", "  info-hours: *", "  ⟦missing prompt 'info-hours': there is no file⟧info-hours: *"
    )
    (site.directory / "prompts" / "zh" / "info-hours.wav").unlink()
    site.edit(
        "prompts/prompts.yaml",
        "  info-route: *silent",
        f"  info-route: {{zh: 无声, en: silence, sha256: ⟦the checksum of prompts/zh/info-route.wav⟧{'0a' * 32}}}",
    )
    site.edit("prompts/prompts.yaml", "prompts:\n", "⟦missing prompt 'beep': the system itself plays it⟧prompts:\n")
    site.edit("prompts/prompts.yaml", "  beep: *silent\n", "")


def duplicate_dnis(site: Workshop) -> None:
    site.edit("lines.yaml", 'dnis: "4008100002"', "dnis: ⟦duplicate DNIS '4008100001'⟧\"4008100001\"")
    site.edit("lines.yaml", 'dnis: "4008100003"', "dnis: ⟦duplicate DNIS '4008100001'⟧\"4008100001\"")


def loops_without_exit(site: Workshop) -> None:
    loop = "go: menu, menu: dusk"
    site.edit("menus/aid.yaml", '"2": {go: message}', f'"2": {{{loop}}}')
    day_and_night = """⟦loop without exit: from menu '{name}'⟧title: 值班
play: [menu-visit]
keys: {{"1": {{go: menu, menu: {other}}}, "*": {{go: repeat}}}}
no_input: {{then: {{go: menu, menu: {other}}}}}
invalid: {{then: {{go: repeat}}}}
"""
    for name, other in (("dusk", "dawn"), ("dawn", "dusk")):
        site.write(f"menus/{name}.yaml", day_and_night.format(name=name, other=other))
    for retry in ("no_input", "invalid"):
        play = "[no-input]" if retry == "no_input" else "[invalid-key]"
        site.edit(
            "menus/visit.yaml",
            f"play: {play}\n  then: {{go: queue, queue: hotline}}",
            f"play: {play}\n  then: ⟦loop without exit: {retry}.then of menu 'visit'⟧{{go: repeat}}",
        )


def unknown_queues(site: Workshop) -> None:
    site.edit(
        "lines.yaml",
        "fallback_queue: hotline",
        "fallback_queue: ⟦'hotlin'; queues are: aid, hotline, province, supervision — did you mean 'hotline'?⟧hotlin",
    )
    site.edit("lines.yaml", "fallback_queue: aid", "fallback_queue: ⟦unknown queue 'first-aid'⟧first-aid")
    site.edit("menus/aid.yaml", '"0": {go: queue, queue: aid}', '"0": {go: queue, queue: ⟦unknown queue⟧people}')


def bad_durations(site: Workshop) -> None:
    site.edit("menus/aid.yaml", "first_digit_timeout_s: 5", "first_digit_timeout_s: ⟦bad duration -1⟧-1")
    site.edit("menus/aid.yaml", "overall_timeout_s: 20", "overall_timeout_s: ⟦bad duration 0⟧0")
    site.edit("menus/hotline.yaml", "first_digit_timeout_s: 5", "first_digit_timeout_s: ⟦bad duration '5s'⟧5s")
    site.edit("menus/hotline.yaml", "overall_timeout_s: 20", "overall_timeout_s: ⟦at most 120⟧121")
    site.edit("site.yaml", "sorry_after_s: 60", "sorry_after_s: ⟦bad duration '60'⟧\"60\"")
    site.edit("site.yaml", "gap_s: 7200", "gap_s: ⟦whole number⟧7200.5")
    site.edit("site.yaml", "threshold_s: 10", "threshold_s: ⟦bad duration nan⟧.nan")
    site.edit("site.yaml", "short_abandon_s: 5", "short_abandon_s: ⟦bad duration True⟧true")


def overlapping_hours(site: Workshop) -> None:
    site.edit("site.yaml", '["09:00-12:00", "14:00-20:00"]', '["09:00-12:00", ⟦overlaps \'09:00-12:00\'⟧"11:59-20:00"]')
    lines = (site.directory / "lines.yaml").read_text(encoding="utf-8")
    first, second, third = [i for i in range(len(lines)) if lines.startswith("    hours: always", i)]
    one = '    hours: {weekdays: {mon-fri: ["09:00-18:00", ⟦on mon⟧"17:00-19:00"]}}'
    two = """    hours:
      weekdays:
        mon-sat: ["09:00-12:00"]
        sat: [⟦'09:00-12:00' on sat⟧"10:00-11:00"]"""
    three = """    hours:
      weekdays: {}
      dates: {2026-12-31: ["09:00-12:00", ⟦on 2026-12-31⟧"11:00-13:00"], ⟦is no date⟧x: []}"""
    skip = len("    hours: always")
    site.write(
        "lines.yaml",
        lines[:first]
        + one
        + lines[first + skip : second]
        + two
        + lines[second + skip : third]
        + three
        + lines[third + skip :],
    )


def duplicate_agents(site: Workshop) -> None:
    site.append("agents.yaml", "  - {id: ⟦duplicate agent '8001': already in line 3⟧\"8001\", name: 甲, name_en: A}\n")
    site.append("agents.yaml", "  - {name: 乙, name_en: B, id: ⟦duplicate agent '8801'⟧\"8801\"}\n")


KINDS: list[Callable[[Workshop], None]] = [
    unknown_keys,
    dangling_menu_targets,
    unreachable_menus,
    missing_prompts,
    duplicate_dnis,
    loops_without_exit,
    unknown_queues,
    bad_durations,
    overlapping_hours,
    duplicate_agents,
]


@pytest.mark.parametrize("break_site", KINDS, ids=lambda kind: kind.__name__)
def test_two_faults_of_a_kind_are_found_at_their_places(
    workshop: Workshop, break_site: Callable[[Workshop], None]
) -> None:
    break_site(workshop)
    workshop.assert_faults()


def test_faults_of_all_kinds_at_once_do_not_hide_each_other(workshop: Workshop) -> None:
    for break_site in KINDS:
        break_site(workshop)
    workshop.assert_faults()


def test_a_site_with_faults_does_not_load(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "gap_s: 7200", "gap_s: 0")
    workshop.edit("site.yaml", "attempts: 3", "attempts: 0")
    workshop.edit("agents.yaml", 'id: "8002"', 'id: "8001"')
    with pytest.raises(SiteFaults) as caught:
        load_site(workshop.directory)
    assert list(caught.value.faults) == sorted(caught.value.faults)
    assert [Path(f.file).name for f in caught.value.faults] == [
        "agents.yaml",
        "queues.yaml",
        "queues.yaml",
        "site.yaml",
        "site.yaml",
    ]
    first = caught.value.faults[0]
    assert str(first) == f"{workshop.directory}/agents.yaml:{first.line}:{first.column}: {first.message}"
    assert str(first) in str(caught.value)


def test_two_lines_of_one_number_in_two_notations(workshop: Workshop) -> None:
    other = "DNIS '+864008100001' is the number '4008100001' of another line in another notation"
    workshop.edit("lines.yaml", 'dnis: "4008100002"', f'dnis: ⟦{other}⟧"+864008100001"')
    workshop.assert_faults()


def test_places_are_counted_from_one(workshop: Workshop) -> None:
    workshop.write(
        "agents.yaml",
        'agents:\n  - {id: "8001", name: 陈晓梅, name_en: Chen, rolle: agent}\n'
        "  - id: 8002\n    name: 李\n    name_en: Li\n",
    )
    faults, _ = check_site(workshop.directory)
    places = [(f.line, f.column, f.message.split(";")[0]) for f in faults if f.file.endswith("agents.yaml")]
    assert places == [
        (2, 44, "unknown key 'rolle'"),
        (3, 9, "wrong type: this should be text, in quotes (found 8002)"),
    ]


def test_unreadable_files_are_named_and_the_others_still_checked(workshop: Workshop) -> None:
    queues = (workshop.directory / "queues.yaml").read_text(encoding="utf-8")
    first_item = queues.partition("\nqueues:\n")[0].count("\n") + 3
    workshop.edit("queues.yaml", "\nqueues:\n", "\nqueues: [\n")
    workshop.edit("site.yaml", "attempts: 3", "attempts: ⟦at most 10⟧30")
    (workshop.directory / "agents.yaml").unlink()
    workshop.edit("menus/visit.yaml", "play: [menu-visit]", "play: [⟦unknown prompt⟧menu-vist]")
    workshop.assert_faults(
        ("agents.yaml", 1, 1, "missing file"),
        ("queues.yaml", first_item, 3, "YAML syntax error"),
    )


def test_what_is_no_text_at_all(workshop: Workshop) -> None:
    (workshop.directory / "lines.yaml").write_bytes("lines:\n  - title: 热".encode() + b"\xff\xfe\n")
    workshop.write("agents.yaml", "agents:\n  - id: '80\x0701'\n")
    faults, site = check_site(workshop.directory)
    assert site is None
    shown = {Path(f.file).name: (f.line, f.column) for f in faults}
    assert shown["lines.yaml"] == (2, 13)
    assert shown["agents.yaml"] == (2, 12)


def test_structure_and_types(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "caller_id:", "⟦duplicate key 'match': already in line 13⟧match: []\n  caller_id:")
    workshop.edit("site.yaml", "  enabled: true", "  enabled: ⟦true or false (found 'yes')⟧yes")
    workshop.edit("site.yaml", "levels:  ", "⟦unknown key 'level'⟧level:  ")
    workshop.edit("site.yaml", "name: 城市规划展览馆\n", "name: ⟦wrong type⟧[城市]\n")
    workshop.edit("queues.yaml", '["8001", "8005", "8006"]', "⟦a queue without agents⟧[]")
    workshop.edit("queues.yaml", '"8003", "8004"]', '⟦unknown agent with a telephone \'8901\'⟧"8901", "8004"]')
    workshop.edit("queues.yaml", "priority: 10", "strategy: ⟦allowed are: 'longest_idle'⟧random")
    workshop.edit("lines.yaml", "    menu: aid\n", "")
    workshop.edit("lines.yaml", '  - dnis: "4008100001"', "  - ⟦missing key 'menu'⟧dnis: \"4008100001\"")
    workshop.edit("menus/visit.yaml", '"#": {go: back}', "\"#\": {go: ⟦did you mean 'back'?⟧bakc}")
    workshop.edit("menus/visit.yaml", '"*": {go: repeat}', "\"*\": ⟦missing key 'go'⟧{to: repeat}")
    workshop.edit("menus/visit.yaml", '"0": {go', "⟦key '00' can never be entered: max_digits is 1⟧\"00\": {go")
    workshop.edit("menus/hotline.yaml", '"0": {go', '⟦is not a key⟧"A": {go')
    workshop.assert_faults(
        ("site.yaml", 3, 1, "missing key 'levels'"),
        ("menus/aid.yaml", 2, 1, "unreachable menu 'aid'"),
    )


def test_between_files_and_rings(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "above: province", "above: ⟦unknown level 'land'⟧land")
    lines = (workshop.directory / "lines.yaml").read_text(encoding="utf-8")
    workshop.write(
        "lines.yaml",
        lines.replace("ring_s: 0", "ring_s: ⟦10 s is too long: less than 10⟧10", 1).replace(
            "hours: always\n", "hours: always\n    out_of_hours: ⟦'go: back' works only inside a menu⟧{go: back}\n", 1
        ),
    )
    queues = (workshop.directory / "queues.yaml").read_text(encoding="utf-8")
    on_max_wait = "on_max_wait: {go: play, play: [apology-system], then: {go: message}}"
    for name in ("hotline", "aid"):
        circle = f"on_max_wait: ⟦loop without exit⟧{{go: queue, queue: {name}}}"
        queues = queues.replace(on_max_wait, circle, 1)
    queues = queues.replace("ring_timeout_s: 15", "ring_timeout_s: ⟦at most 15⟧15.5", 1)
    queues = queues.replace('"8001", "8005"', '"8005", ⟦duplicate agent⟧"8005"')
    workshop.write("queues.yaml", queues)
    workshop.assert_faults()


def test_a_level_is_not_above_itself(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "title_en: Province}", "title_en: Province, above: ⟦level 'province'⟧hall}")
    workshop.edit("site.yaml", "above: province", "above: ⟦level 'hall'⟧province")
    workshop.assert_faults()


def test_a_ring_of_one_line_is_measured_with_the_sites_own_ring_period(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "ring_period_s: 5 ", "ring_period_s: 6 ")
    lines = (workshop.directory / "lines.yaml").read_text(encoding="utf-8")
    workshop.write("lines.yaml", lines.replace("ring_s: 0", "ring_s: 11.9", 1))
    assert check_site(workshop.directory)[0] == []


def test_a_recording_must_be_in_asterisks_form(workshop: Workshop) -> None:
    stereo, damaged = (workshop.directory / "prompts" / "zh" / f"{name}.wav" for name in ("goodbye", "beep"))
    stereo.unlink()
    with wave.open(str(stereo), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(44100)
        sound.writeframes(bytes(400))
    damaged.unlink()
    damaged.write_bytes(b"RIFF")
    workshop.edit("prompts/prompts.yaml", "  goodbye:", "  ⟦44100 Hz, 2 channel(s), 16 bit⟧goodbye:")
    workshop.edit("prompts/prompts.yaml", "  beep:", "  ⟦is no PCM WAV file⟧beep:")
    workshop.edit(
        "prompts/prompts.yaml",
        "unit-hao: *silent",
        "⟦has no checksum⟧unit-hao: {zh: 号, en: number}",
    )
    workshop.assert_faults()


def test_who_offers_english_must_have_its_numbers_in_english(workshop: Workshop) -> None:
    """field.md §3, 15: half a sentence in another language is the wrong audio."""
    workshop.edit(
        "prompts/prompts.yaml",
        "num-9: *silent",
        "⟦prompt 'num-9' has no English sound⟧num-9: {zh: 九, en: nine, own: true}",
    )
    workshop.assert_faults()


def test_a_site_without_english_needs_no_english_sounds(workshop: Workshop) -> None:
    workshop.edit("menus/hotline.yaml", "go: language, language: en, then: {go: repeat}", "go: repeat")
    workshop.edit("prompts/prompts.yaml", "num-9: *silent", "num-9: {zh: 九, en: nine, own: true}")
    assert check_site(workshop.directory)[0] == []


def test_a_line_leads_somewhere(workshop: Workshop) -> None:
    workshop.edit(
        "lines.yaml", '  - dnis: "4008100001"', "  - ⟦missing key 'queue'⟧answer_by: people\n    dnis: \"4008100001\""
    )
    workshop.edit("lines.yaml", '  - dnis: "4008100002"', "  - ⟦missing key 'menu'⟧dnis: \"4008100002\"")
    workshop.edit("lines.yaml", "    menu: hotline\n", "")
    workshop.assert_faults()


def test_people_answer_before_ring_three_is_over(workshop: Workshop) -> None:
    workshop.edit(
        "lines.yaml",
        "    menu: hotline\n",
        "    menu: hotline\n    answer_at_s: ⟦at most 10 (ring 3 starts then, and the system answers, TEL-1)⟧10.5\n",
    )
    workshop.assert_faults()


def test_default_prompts_must_exist_too(workshop: Workshop) -> None:
    prompts = (workshop.directory / "prompts" / "prompts.yaml").read_text(encoding="utf-8")
    without = [row for row in prompts.splitlines() if "greeting-spring" not in row and "out-of-hours" not in row]
    workshop.write("prompts/prompts.yaml", "\n".join(without) + "\n")
    settings = (workshop.directory / "site.yaml").read_text(encoding="utf-8")
    rows = [row for row in settings.splitlines() if "greeting" not in row and "_hours" not in row]
    workshop.write("site.yaml", "\n".join(rows) + "\n")
    faults, _ = check_site(workshop.directory)
    assert {(Path(f.file).name, f.message.split(";")[0]) for f in faults} == {
        ("site.yaml", "unknown prompt 'greeting-spring'"),
        ("lines.yaml", "unknown prompt 'out-of-hours'"),
    }


def test_an_alias_in_itself_is_a_fault_not_a_crash(workshop: Workshop) -> None:
    workshop.edit("site.yaml", 'match: ["127.0.0.2"]', "match: ⟦contains itself⟧&a [*a]")
    faults, _ = check_site(workshop.directory)
    assert any("contains itself" in fault.message for fault in faults)


LAUGHS = {
    "lists": "\n".join(["a0: &a0 [lol]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))]),
    "mappings": "\n".join(
        ["a0: &a0 {x: lol}", *(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}, r: *a{n - 1}}}" for n in range(1, 60))]
    ),
    "merges": "\n".join(["a0: &a0 {x: lol}", *(f"a{n}: &a{n} {{<<: *a{n - 1}, q: *a{n - 1}}}" for n in range(1, 90))]),
    "one list many times": "a: &a [" + "x, " * 5000 + "]\nb: [" + "*a, " * 5000 + "]",
    "one text many times": f"a: &a {'x' * 1_000_000}\nb: [" + "*a, " * 11_000 + "]",
}


@pytest.mark.parametrize("text", LAUGHS.values(), ids=LAUGHS)
def test_aliases_that_multiply_are_a_fault_with_a_name_and_a_line_at_once(tmp_path: Path, text: str) -> None:
    """Nine to the power of forty values, in two thousand characters."""
    file = tmp_path / "site.yaml"
    file.write_text(text, encoding="utf-8")
    began = time.process_time()
    tracemalloc.start()
    try:
        _, faults = read_yaml(file)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (fault,) = [fault for fault in faults if "comes to more than" in fault.message]
    named = re.match(r"the alias '\*(\w+)'", fault.message)
    assert named and f"&{named[1]} " in text.split("\n")[fault.line - 1], "where that name is given its values"
    assert time.process_time() - began < 10.0 and most < 200_000_000


def test_an_alias_may_repeat_what_an_honest_file_repeats(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("hours: &h [{start: 9, end: 17}]\nweek: [" + "*h, " * 1000 + "]", encoding="utf-8")
    source, faults = read_yaml(file)
    assert faults == [] and len(source.tree.entries["week"].items) == 1000


def test_a_directory_that_is_no_site(tmp_path: Path) -> None:
    faults, site = check_site(tmp_path)
    assert site is None
    assert sorted(Path(f.file).name for f in faults) == [
        "agents.yaml",
        "lines.yaml",
        "menus",
        "prompts.yaml",
        "queues.yaml",
        "site.yaml",
    ]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_is_nested_without_end_is_a_fault_like_others(tmp_path: Path, opening: str) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(opening * 20_000, encoding="utf-8")
    _, faults = read_yaml(file)
    assert [fault for fault in faults if "nested too deeply" in fault.message]
