"""Checks that the sound files of prompts.yaml are there, unchanged, and playable by Asterisk as they are (adapter).

A prompt that is missing or damaged would be silence in somebody's call: found here, before anything starts. (D8)
"""

import hashlib
import re
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.loading.source import Fault, Source, Tree
from config.loading.system_prompts import ENGLISH_CLIPS, SYSTEM_PROMPTS
from config.schema import PromptText

WAV_FORM = (8000, 1, 2)
"""Samples a second, channels, bytes a sample."""


@dataclass(frozen=True)
class Kind:
    """One of a prompt's two sounds: its folder, and the keys that speak of it."""

    folder: str
    checksum: str
    own: str


MANDARIN = Kind("zh", "sha256", "own")
ENGLISH = Kind("en", "en_sha256", "en_own")


def prompt_file_faults(prompts: Source, directory: Path) -> list[Fault]:
    """Every missing, changed or unplayable file, and every prompt the system needs that is not listed."""
    listed = prompts.tree.get("prompts")
    if listed is None or listed.entries is None:
        return []
    faults = [
        prompts.fault(prompts.tree.key_mark("prompts"), f"missing prompt '{name}': the system itself plays it")
        for name in sorted(SYSTEM_PROMPTS - listed.entries.keys())
    ]
    for name, entry in listed.entries.items():
        files = () if entry.text("only") == "en" else (MANDARIN,)
        if any(entry.get(key) is not None for key in (ENGLISH.checksum, ENGLISH.own, "en_voice")):
            files = (*files, ENGLISH)
        for kind in files:
            found = _fault_of(name, entry, directory / kind.folder / f"{name}.wav", kind)
            if found is not None:
                at_checksum, message = found
                mark = entry.value_mark(kind.checksum) if at_checksum else listed.key_mark(name)
                faults.append(prompts.fault(mark, message))
    return faults


def english_faults(prompts: Source, menus: Iterable[Source]) -> list[Fault]:
    """Where English is offered: every clip of its grammar that has no English sound."""
    listed = prompts.tree.get("prompts")
    if listed is None or listed.entries is None or not any(offers_english(menu) for menu in menus):
        return []
    missing = sorted(name for name in ENGLISH_CLIPS if not _has_english(listed.get(name)))
    return [
        prompts.fault(
            listed.key_mark(name) if name in listed.entries else prompts.tree.key_mark("prompts"),
            f"prompt '{name}' has no English sound, and a menu offers English: give it an `en_voice`, or record it",
        )
        for name in missing
    ]


def without_english(prompts: Mapping[str, PromptText]) -> list[str]:
    """The prompts that callers who chose English hear in Mandarin: no fault, but good to know."""
    return sorted(name for name, prompt in prompts.items() if not (prompt.en_voice or prompt.en_own))


def offers_english(menu: Source) -> bool:
    """Whether some key of this menu leads to English."""
    return any(node.text("go") == "language" and node.text("language") == "en" for node in menu.tree.walk())


def _has_english(entry: Tree | None) -> bool:
    return entry is not None and any(entry.get(key) is not None for key in ("en_voice", "en_own"))


def prompt_seconds(directory: Path) -> dict[str, float]:
    """The length of every sound file in a checked prompts directory: by prompt id, the English ones by `en/<id>`."""
    lengths = {}
    for before, folder in (("", "zh"), ("en/", "en")):
        for path in (directory / folder).glob("*.wav"):
            with wave.open(str(path)) as sound:
                lengths[before + path.stem] = sound.getnframes() / sound.getframerate()
    return lengths


def _fault_of(name: str, entry: Tree, path: Path, kind: Kind) -> tuple[bool, str] | None:
    """Whether the fault is in the checksum (else in the prompt as a whole), and the sentence."""
    shown = f"prompts/{kind.folder}/{path.name}"
    own = entry.get(kind.own)
    is_own = own is not None and own.scalar is True
    checksum = entry.text(kind.checksum)
    if not is_own and checksum is None:
        return (
            False,
            f"prompt '{name}' has no checksum: run `make prompts`, or write `{kind.own}: true` for your recording",
        )
    try:
        sound = path.read_bytes()
    except OSError:
        return False, f"missing prompt '{name}': there is no file {shown}; run `make prompts` or record it"
    if not is_own and re.fullmatch("[0-9a-f]{64}", checksum or "") and hashlib.sha256(sound).hexdigest() != checksum:
        return (
            True,
            f"the checksum of {shown} is another one: run `make prompts`, or write `{kind.own}: true` if it is yours",
        )
    form = _wav_form(path)
    if form != WAV_FORM:
        return False, f"{shown} {_described(form)}: Asterisk plays 8000 Hz, mono, 16-bit WAV"
    return None


def _wav_form(path: Path) -> tuple[int, int, int] | None:
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
    except (wave.Error, EOFError, OSError):
        return None


def _described(form: tuple[int, int, int] | None) -> str:
    if form is None:
        return "is no PCM WAV file"
    rate, channels, width = form
    return f"has {rate} Hz, {channels} channel(s), {8 * width} bit"
