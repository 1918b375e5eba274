"""Checks that the sound files of prompts.yaml are there, unchanged, and in the form that Asterisk plays as it is.

A prompt that is missing or damaged would be silence in somebody's call: found here, before anything starts. (D8)
"""

import hashlib
import re
import wave
from pathlib import Path

from config.source import Fault, Source, Tree
from config.system_prompts import SYSTEM_PROMPTS

WAV_FORM = (8000, 1, 2)
"""Samples a second, channels, bytes a sample."""


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
        found = _fault_of(name, entry, directory / f"{name}.wav")
        if found is not None:
            at_checksum, message = found
            mark = entry.value_mark("sha256") if at_checksum else listed.key_mark(name)
            faults.append(prompts.fault(mark, message))
    return faults


def prompt_seconds(directory: Path) -> dict[str, float]:
    """The length of every sound file in a checked prompts directory, by prompt id."""
    lengths = {}
    for path in directory.glob("*.wav"):
        with wave.open(str(path)) as sound:
            lengths[path.stem] = sound.getnframes() / sound.getframerate()
    return lengths


def _fault_of(name: str, entry: Tree, path: Path) -> tuple[bool, str] | None:
    """Whether the fault is in the checksum (else in the prompt as a whole), and the sentence."""
    shown = f"prompts/zh/{path.name}"
    own = entry.get("own")
    is_own = own is not None and own.scalar is True
    checksum = entry.text("sha256")
    if not is_own and checksum is None:
        return (
            False,
            f"prompt '{name}' has no checksum: run `make prompts`, or write `own: true` for a recording of yours",
        )
    try:
        sound = path.read_bytes()
    except OSError:
        return False, f"missing prompt '{name}': there is no file {shown}; run `make prompts` or record it"
    if not is_own and re.fullmatch("[0-9a-f]{64}", checksum or "") and hashlib.sha256(sound).hexdigest() != checksum:
        return (
            True,
            f"the checksum of {shown} is another one: run `make prompts`, or write `own: true` for your own recording",
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
