"""Which prompts of a site a caller heard, in order, found by correlating their sound with the recording.

Pure rules. A prompt counts as soon as its beginning was heard (callers press keys into menus), and is scored over
the part that was really played. G.711 and another volume in between do not matter; another voice or wording does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from app.phone.sound.audio import SAMPLE_RATE, SILENCE_RMS, Haystack, Samples, Signal, rms, tone_over_rest_db

THRESHOLD = 0.8
HEAD_S = 1.0  # a prompt is searched by its beginning, until here
BLUR_S = 0.1  # its very beginning may lie under the last packets of what was played before: it does not count
SHORTEST_S = 0.25  # less sound than this is too little to be sure
STEP = SAMPLE_RATE // 4  # a prompt that was cut off is followed in such steps
STEP_SCORE = 0.5
EDGE = SAMPLE_RATE // 20  # a prompt that is a tone must begin and end: 50 ms on either side are looked at


@dataclass(frozen=True)
class Heard:
    """One prompt in a recording: where it began, for how long it was played, and how alike it was (≤ 1.0)."""

    prompt: str
    start_s: float
    heard_s: float
    score: float
    complete: bool

    @property
    def end_s(self) -> float:
        return self.start_s + self.heard_s


@dataclass(frozen=True)
class Template:
    """What a prompt is known by: its samples without the silence and the blur before; `lead` is the length of these."""

    prompt: str
    samples: Signal
    lead: int
    is_tone: bool = field(init=False)

    def __post_init__(self) -> None:
        long_enough = self.samples.size >= SAMPLE_RATE // 4
        middle = self.samples[: SAMPLE_RATE // 2]
        object.__setattr__(self, "is_tone", long_enough and _is_tone(middle))

    @property
    def head(self) -> Signal:
        return self.samples[: round((HEAD_S - BLUR_S) * SAMPLE_RATE)]


def _is_tone(samples: Signal) -> bool:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    hz = float(np.argmax(spectrum)) * SAMPLE_RATE / samples.size
    return tone_over_rest_db(samples, hz) > 10.0


def templates(prompts: Mapping[str, Samples]) -> tuple[Template, ...]:
    """The searchable form of prompts (id → 8 kHz samples); those with less than 0.25 s of sound are left out."""
    made = (_template(prompt, samples) for prompt, samples in prompts.items())
    return tuple(template for template in made if template.samples.size >= SHORTEST_S * SAMPLE_RATE)


def _template(prompt: str, samples: Samples) -> Template:
    signal = samples.astype(np.float64)
    loud = np.flatnonzero(np.abs(signal) > max(3 * SILENCE_RMS, 0.01 * np.abs(signal).max(initial=0.0)))
    if loud.size == 0:
        return Template(prompt, np.zeros(0), 0)
    lead, end = int(loud[0]), int(loud[-1]) + 1
    whole = Template(prompt, signal[lead:end], lead)
    blurred = round(BLUR_S * SAMPLE_RATE)
    if whole.is_tone or whole.samples.size - blurred < SHORTEST_S * SAMPLE_RATE:  # it cannot spare that much
        return whole
    return Template(prompt, signal[lead + blurred : end], lead + blurred)


def recognise(recording: Samples | Haystack, known: Iterable[Template], *, threshold: float = THRESHOLD) -> list[Heard]:
    """The prompts that occur in the recording, by time; where two claim the same sound, the better one stays."""
    haystack = recording if isinstance(recording, Haystack) else Haystack(recording)
    found: list[Heard] = []
    for template in known:
        scores = haystack.correlation(template.head)
        for start in _peaks(scores, threshold, apart=template.head.size // 2):
            heard = _follow(haystack.signal, template, start)
            if heard.score >= threshold and _begins_and_ends(haystack.signal, template, start):
                found.append(heard)
    return _without_rivals(found)


def begun(recent: Samples, menus: Iterable[Template]) -> str | None:
    """The prompt whose first second lies in these last few seconds of a running call; the latest, if several."""
    found = recognise(recent, menus)
    return found[-1].prompt if found else None


def score(recording: Samples, prompt: Samples) -> float:
    """The best score of one prompt over the part of it that was played; for judging how alike two sounds are."""
    template = _template("", prompt)
    haystack = Haystack(recording)
    scores = haystack.correlation(template.head)
    if scores.size == 0:
        return 0.0
    best = int(np.argmax(scores))
    return max(float(scores[best]), _follow(haystack.signal, template, best).score)


def _peaks(scores: Signal, threshold: float, *, apart: int) -> list[int]:
    """Starts whose score is the best within `apart` samples on either side, and at least the threshold."""
    peaks: list[int] = []
    for start in np.flatnonzero(scores >= threshold).tolist():
        if peaks and start - peaks[-1] < apart:
            if scores[start] > scores[peaks[-1]]:
                peaks[-1] = start
        else:
            peaks.append(start)
    return peaks


def _follow(signal: Signal, template: Template, start: int) -> Heard:
    """How far the prompt went on from its head, step by step, and the score over all of it."""
    wanted = template.samples[: signal.size - start]
    end = at = min(template.head.size, wanted.size)
    while at < wanted.size:
        step = slice(at, min(at + STEP, wanted.size))
        if rms(wanted[step]) > SILENCE_RMS:  # a pause within the prompt proves nothing by itself
            if _alike(signal[start:][step], wanted[step]) < STEP_SCORE:
                break
            end = step.stop
        at = step.stop
    return Heard(
        prompt=template.prompt,
        start_s=(start - template.lead) / SAMPLE_RATE,
        heard_s=(end + template.lead) / SAMPLE_RATE,
        score=_alike(signal[start : start + end], wanted[:end]),
        complete=at == template.samples.size,
    )


def _alike(heard: Signal, wanted: Signal) -> float:
    norm = float(np.sqrt((heard @ heard) * (wanted @ wanted)))
    return float(heard @ wanted) / norm if norm else 0.0


def _begins_and_ends(signal: Signal, template: Template, start: int) -> bool:
    """A tone occurs everywhere in a longer tone: it is the prompt only if there is quiet on both its sides."""
    if not template.is_tone:
        return True
    inside = rms(signal[start : start + template.samples.size])
    before = signal[max(0, start - EDGE) : start]
    end = start + template.samples.size
    return rms(before) < 0.3 * inside and rms(signal[end : end + EDGE]) < 0.3 * inside


def _without_rivals(found: list[Heard]) -> list[Heard]:
    kept: list[Heard] = []
    for heard in sorted(found, key=lambda h: h.heard_s * h.score, reverse=True):
        if all(_shared_s(heard, other) <= 0.5 * heard.heard_s for other in kept):
            kept.append(heard)
    return sorted(kept, key=lambda h: h.start_s)


def _shared_s(one: Heard, other: Heard) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
