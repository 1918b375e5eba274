"""Reads the sound files a test telephone plays and listens for (adapter): PCM, 8 kHz, 16 bits, mono only."""

import wave
from pathlib import Path

import numpy as np

from app.phone.sound.audio import SAMPLE_RATE, Samples


def read_wav(path: Path) -> Samples:
    """The samples of a file. Raises ValueError if it is no 8 kHz 16-bit mono PCM, OSError if it cannot be read."""
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getsampwidth(), file.getnchannels())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as exc:
        raise ValueError(f"{path}: not a PCM sound file: {exc}") from exc
    if form != (SAMPLE_RATE, 2, 1):
        raise ValueError(f"{path}: expected 8000 Hz, 2 bytes, 1 channel, not {form}")
    return np.frombuffer(frames, dtype="<i2").astype(np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Writes what was heard, so that a person can listen to a failed call."""
    with wave.open(str(path), "wb") as file:
        file.setframerate(SAMPLE_RATE)
        file.setsampwidth(2)
        file.setnchannels(1)
        file.writeframes(samples.astype("<i2").tobytes())


def read_prompts(directory: Path) -> dict[str, Samples]:
    """Every sound file of a site's prompt directory, by prompt id (the file's name)."""
    return {path.stem: read_wav(path) for path in sorted(directory.glob("*.wav"))}
