"""English text as the sounds that the voice of the prompts was trained with. Part of scripts/prompt_voice.py.

eSpeak NG, a shared library from a registry package, says how words are pronounced (American English); the voice knows
diphthongs and affricates as single letters (its own notation), so eSpeak's IPA is rewritten into those.
"""

import ctypes
import re
from typing import Final

import espeakng_loader

SYNCHRONOUS: Final = 2
UTF8: Final = 1
IPA_TIED: Final = 0x02 | 0x80 | (ord("^") << 8)
"""IPA, with ^ between the letters of one sound."""

LETTERS: Final = (
    ("ə^l", "ᵊl"),
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("o^ʊ", "O"),
    ("ɜːɹ", "ɜɹ"),
    ("ɜː", "ɜɹ"),
    ("ɪə", "iə"),
    ("ɚ", "əɹ"),
    ("ɐ", "ə"),
    ("ɾ", "T"),
    ("r", "ɹ"),
    ("ʔ", "t"),
    ("ː", ""),
    ("o", "ɔ"),
    ("^", ""),
)
"""IPA of eSpeak → the voice's letters, in this order."""
PAUSES: Final = re.compile(r"([,.;:!?]+)")


class EnglishSounds:
    """Text in, phonemes out."""

    def __init__(self) -> None:
        self._espeak = ctypes.CDLL(espeakng_loader.get_library_path())
        self._espeak.espeak_TextToPhonemes.restype = ctypes.c_char_p
        if self._espeak.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0) < 0:
            raise RuntimeError("eSpeak NG could not be started: remove the environment and start anew")
        if self._espeak.espeak_SetVoiceByName(b"en-us") != 0:
            raise RuntimeError("eSpeak NG has no American English: remove the environment and start anew")

    def __call__(self, text: str) -> str:
        """The pauses of the text stay, as the voice breathes there."""
        parts = PAUSES.split(text)
        return "".join(part if PAUSES.fullmatch(part) else self._words(part) for part in parts)

    def _words(self, text: str) -> str:
        if not text.strip():
            return text
        rest = ctypes.c_char_p(text.encode())
        spoken: list[str] = []
        while rest.value:
            said = self._espeak.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, IPA_TIED)
            spoken.append(said.decode().strip())
        phonemes = " ".join(spoken)
        for ipa, letter in LETTERS:
            phonemes = phonemes.replace(ipa, letter)
        phonemes = re.sub("(\\S)\u0329", r"ᵊ\1", phonemes)
        return (" " if text[0] == " " else "") + phonemes
