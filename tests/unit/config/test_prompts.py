"""The demo site's sound files, as far as numbers can judge them: form, level, silence, pace, and that none is stale.

English sounds are called `en/<id>` here.
"""

import hashlib
import re
import sys
import wave
from collections.abc import Iterator
from importlib import import_module
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from app.phone.sound.audio import best_match, rms
from config.loading.system_prompts import ENGLISH_CLIPS, SYSTEM_PROMPTS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "config" / "site" / "prompts"
ENTRIES: dict[str, dict[str, Any]] = YAML(typ="safe").load(FOLDER / "prompts.yaml")["prompts"]
MANDARIN = sorted(name for name, entry in ENTRIES.items() if entry.get("only") != "en")
ENGLISH = sorted(f"en/{name}" for name, entry in ENTRIES.items() if "en_voice" in entry)
SPEECH = sorted(name for name in MANDARIN if ENTRIES[name]["voice"] not in ("tone", "music")) + ENGLISH
MENUS = sorted(name for name in MANDARIN if name.startswith("menu-"))
FOREIGN = {name for name in MANDARIN if ENTRIES[name]["voice"].startswith("af_")}
"""Spoken in English also to callers who have not chosen a language."""
FULL_SCALE = 32767


def sound_file(name: str) -> Path:
    return FOLDER / f"{name if name.startswith('en/') else f'zh/{name}'}.wav"


def sound(name: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    with wave.open(str(sound_file(name)), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    """The modules that made the files; scripts/ is no package, so they are imported as `python scripts/…` does."""
    sys.path.insert(0, str(ROOT / "scripts"))
    yield {"make": import_module("make_prompts"), "sound": import_module("prompt_sound")}
    sys.path.remove(str(ROOT / "scripts"))


@pytest.mark.parametrize("name", [*MANDARIN, *ENGLISH])
def test_every_prompt_is_the_file_that_its_checksum_names(name: str) -> None:
    listed = ENTRIES[name.removeprefix("en/")]["en_sha256" if name.startswith("en/") else "sha256"]
    assert hashlib.sha256(sound_file(name).read_bytes()).hexdigest() == listed


def test_no_file_lies_there_that_is_no_prompt() -> None:
    assert {file.stem for file in (FOLDER / "zh").iterdir()} == set(MANDARIN)
    assert {f"en/{file.stem}" for file in (FOLDER / "en").iterdir()} == set(ENGLISH)


def test_everything_that_english_numbers_are_made_of_is_there() -> None:
    assert {f"en/{clip}" for clip in ENGLISH_CLIPS} <= set(ENGLISH)


def test_the_system_s_own_prompts_are_among_them() -> None:
    assert set(ENTRIES) >= SYSTEM_PROMPTS


def test_no_sound_is_older_than_its_words(scripts: dict[str, ModuleType]) -> None:
    """Fails when zh was changed and `make prompts` was not run."""
    prompts = scripts["make"].Prompts(ROOT / "config" / "site")
    assert [job.name for job in prompts.jobs() if not prompts.is_current(job)] == []


def test_all_of_them_together_are_small_enough_to_be_committed() -> None:
    for language, most in (("zh", 5_000_000), ("en", 4_000_000)):
        assert sum(file.stat().st_size for file in (FOLDER / language).iterdir()) <= most


@pytest.mark.parametrize("name", SPEECH)
def test_speech_is_loud_enough_and_not_clipped(name: str, scripts: dict[str, ModuleType]) -> None:
    samples = sound(name).astype(float) / FULL_SCALE
    quietest = -24.0 if name.startswith("en/") else -23.0  # a short phrase with one loud vowel
    assert quietest <= scripts["sound"].active_level_dbfs(samples, 8000) <= -19.0
    assert np.abs(samples).max() < 0.95


@pytest.mark.parametrize("name", SPEECH)
def test_speech_begins_at_once_and_ends_with_a_short_silence(name: str) -> None:
    samples = np.abs(sound(name).astype(float))
    heard = np.flatnonzero(samples > samples.max() * 10 ** (-30 / 20))
    assert heard[0] / 8000 <= 0.16, (
        "silence or breath before the first word"
    )  # 请 begins softly: its q is above the band
    longest = 0.3 if name.startswith("en/") else 0.25  # an English phrase may end in s or f, which is above the band
    assert 0.04 <= (len(samples) - heard[-1]) / 8000 <= longest


@pytest.mark.parametrize("name", sorted(set(SPEECH) - set(ENGLISH) - FOREIGN))
def test_speech_has_a_pace_that_can_be_followed(name: str) -> None:
    """Syllables a second, pauses included; announcements in Mandarin have 3 to 5."""
    syllables = len(re.findall("[\u4e00-\u9fff]", ENTRIES[name]["zh"]))
    seconds = len(sound(name)) / 8000
    if syllables <= 3:
        assert 0.2 <= seconds / syllables <= 0.65
    else:
        assert 2.8 <= syllables / seconds <= 5.5


@pytest.mark.parametrize("name", ENGLISH)
def test_english_has_a_pace_that_can_be_followed(name: str) -> None:
    """Letters a second; a calm speaker of English says 10 to 16."""
    letters = len(re.sub("[^a-z]", "", ENTRIES[name.removeprefix("en/")]["en"].lower()))
    assert letters / 20 <= len(sound(name)) / 8000 <= letters / 9 + 0.5


@pytest.mark.parametrize(("one", "other"), list(permutations(MENUS, 2)))
def test_menus_cannot_be_taken_for_each_other(one: str, other: str) -> None:
    """Callers' recordings are searched for them: same 0.3 as there, the shorter looked for in the longer."""
    longer = np.concatenate([np.zeros(8000), sound(other), np.zeros(len(sound(one)))])
    assert best_match(longer, sound(one))[0] < 0.3


def test_the_beep_is_one_kilohertz(scripts: dict[str, ModuleType]) -> None:
    samples = sound("beep").astype(float)
    assert len(samples) / 8000 == pytest.approx(0.4)
    assert np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples) == pytest.approx(1000, abs=3)
    assert rms(samples) / FULL_SCALE == pytest.approx(0.25 / np.sqrt(2), rel=0.05)


def test_the_music_is_quiet_long_and_loops_without_a_seam() -> None:
    samples = sound("wait-music").astype(float)
    assert 30 <= len(samples) / 8000 <= 60
    assert 20 * np.log10(rms(samples) / FULL_SCALE) == pytest.approx(-26, abs=0.5)
    assert np.abs(samples).max() < 0.5 * FULL_SCALE
    steps = np.abs(np.diff(samples))
    assert abs(samples[0] - samples[-1]) <= np.percentile(steps, 99)
    seconds = np.array([rms(second) for second in np.array_split(samples, len(samples) // 8000)])
    assert 20 * np.log10(seconds.max() / seconds.min()) < 12, "a second that is nearly silent or much too loud"


def test_trimming_keeps_the_first_consonant_and_drops_the_silence(scripts: dict[str, ModuleType]) -> None:
    tools = scripts["sound"]
    word = np.sin(2 * np.pi * 440 * np.arange(12_000) / 24_000)
    padded = np.concatenate([np.zeros(9_600), word, np.zeros(14_400)])
    assert len(tools.trimmed(padded, 24_000, lead_s=0.03)) == pytest.approx(12_000 + 720, abs=480)


def test_a_louder_or_softer_voice_comes_out_equally_loud(scripts: dict[str, ModuleType]) -> None:
    tools = scripts["sound"]
    voice = np.random.default_rng(1).normal(0, 0.1, 24_000)
    loud, soft = (tools.to_line(voice * gain, 0.1) for gain in (1.0, 0.05))
    assert tools.active_level_dbfs(loud, 8000) == pytest.approx(tools.active_level_dbfs(soft, 8000), abs=0.01)
    assert tools.active_level_dbfs(loud, 8000) == pytest.approx(-20, abs=0.5)


def test_only_the_telephone_band_is_left(scripts: dict[str, ModuleType]) -> None:
    """A tone above 4 kHz would come back folded into the band if it were not filtered away first."""
    t = np.arange(24_000) / 24_000
    mixed = np.sin(2 * np.pi * 1000 * t) + np.sin(2 * np.pi * 6500 * t) + np.sin(2 * np.pi * 60 * t)
    power = np.abs(np.fft.rfft(scripts["sound"].to_line(mixed, 0.0)[800:7200])) ** 2
    hz = np.fft.rfftfreq(6400, 1 / 8000)
    band = np.abs(hz - 1000) < 20
    assert power[~band].sum() / power[band].sum() < 1e-3
