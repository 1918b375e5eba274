"""Sound files: 8 kHz, 16 bits, mono, or a word about what is wrong."""

import wave
from pathlib import Path

import numpy as np
import pytest

from app.phone.sound.audio import tone
from app.phone.sound.wav import read_prompts, read_wav, write_wav


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write_wav(tmp_path / "menu.wav", tone(440, 0.5))
    assert np.array_equal(read_prompts(tmp_path)["menu"], tone(440, 0.5))


def test_another_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fast.wav"
    with wave.open(str(path), "wb") as file:
        file.setframerate(16000)
        file.setsampwidth(2)
        file.setnchannels(1)
        file.writeframes(b"\0\0" * 100)
    with pytest.raises(ValueError, match="8000 Hz"):
        read_wav(path)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound at all")
    with pytest.raises(ValueError, match="not a PCM sound file"):
        read_wav(path)
