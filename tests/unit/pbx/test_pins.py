"""The pinned package list: what it must name, how it is read, how it names a prefix."""

from pathlib import Path

import pytest

from ivr.pbx.prefix import pins
from ivr.pbx.prefix.pins import (
    LOADERS,
    MINIMUM_VERSION,
    asterisk_version,
    parse_pins,
    parse_version,
    pins_for,
    prefix_name,
)

LOCK = Path(pins.__file__).with_name("packages.lock").read_text(encoding="utf-8")
SUM = "0" * 64


def test_the_committed_list_names_the_same_packages_for_every_architecture() -> None:
    named = {arch: {pin.name for pin in pins_for(parse_pins(LOCK), arch)} for arch in LOADERS}

    assert named["amd64"] == named["arm64"]
    assert {"asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm", "libc6"} <= named["amd64"]


def test_the_committed_asterisk_is_new_enough() -> None:
    for arch in LOADERS:
        assert parse_version(asterisk_version(pins_for(parse_pins(LOCK), arch))) >= MINIMUM_VERSION


def test_a_list_is_read_without_comments_and_blank_lines() -> None:
    (pin,) = parse_pins(f"# head\n\nasterisk 1:22.10.1+dfsg-1 amd64 17 {SUM}\n")

    assert (pin.name, pin.version, pin.architecture, pin.size, pin.sha256) == (
        "asterisk",
        "1:22.10.1+dfsg-1",
        "amd64",
        17,
        SUM,
    )
    assert pin.file_name == "asterisk_1%3a22.10.1+dfsg-1_amd64.deb"


@pytest.mark.parametrize("line", ["asterisk 1 amd64 17", f"asterisk 1 amd64 many {SUM}", "asterisk 1 amd64 17 abc"])
def test_a_malformed_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"packages\.lock:2:"):
        parse_pins(f"# head\n{line}\n")


def test_any_other_sum_is_another_prefix() -> None:
    before = parse_pins(f"asterisk 1:22.10.1-1 amd64 17 {SUM}\nlibc6 2 amd64 1 {SUM}")
    after = parse_pins(f"asterisk 1:22.10.1-1 amd64 17 {SUM}\nlibc6 2 amd64 1 {'1' * 64}")

    assert prefix_name(before).startswith("22.10.1-")
    assert prefix_name(before) != prefix_name(after)
    assert prefix_name(before) == prefix_name(tuple(reversed(before)))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17-1", (22, 10, 1)),
        ("Asterisk 20.6.0", (20, 6, 0)),
        ("22.10.1+dfsg+~cs6", (22, 10, 1)),
        ("Asterisk GIT-master", ()),
        ("", ()),
    ],
)
def test_versions_are_read_from_what_programs_say(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version
