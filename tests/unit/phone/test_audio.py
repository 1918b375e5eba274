"""Tones, levels and correlation: what the proofs of a heard call rest on."""

import math
import time

import numpy as np
import pytest

from app.phone.sound.audio import (
    SAMPLE_RATE,
    Haystack,
    best_match,
    dominant_hz,
    longest_gap_s,
    prevailing_tone_hz,
    rms,
    steady_tone_hz,
    tone,
    tone_over_rest_db,
)
from tests.fakes.sound import speech, through_alaw


def test_tone_has_its_frequency_and_level() -> None:
    sound = tone(440, 1.0, level_dbfs=-12)
    assert dominant_hz(sound) == pytest.approx(440, abs=0.5)
    assert rms(sound) == pytest.approx(32767 * 10 ** (-12 / 20) / math.sqrt(2), rel=0.01)


def test_tone_in_pieces_has_no_seam() -> None:
    pieces = [tone(437, 0.02, start=start) for start in range(0, SAMPLE_RATE, 160)]
    assert np.array_equal(np.concatenate(pieces), tone(437, 1.0))


@pytest.mark.parametrize("hz", [440, 600, 1000, 1550])
def test_a_tone_after_g711_stands_20_db_over_the_rest_and_no_other_does(hz: float) -> None:
    sound = through_alaw(tone(hz, 1.0))
    assert tone_over_rest_db(sound, hz) > 20
    assert tone_over_rest_db(sound, hz + 150) < -20


def test_tone_over_rest_counts_everything_else_as_rest() -> None:
    both = tone(440, 1.0) // 2 + tone(1000, 1.0) // 2
    assert tone_over_rest_db(both, 440) == pytest.approx(0, abs=0.5)


def test_a_spectrum_of_too_little_sound_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.25 s"):
        dominant_hz(tone(440, 0.1))


def test_steady_tone_is_neither_speech_nor_silence_nor_a_fading_note() -> None:
    fading = np.round(tone(880, 0.6) * np.linspace(1, 0.5, round(0.6 * SAMPLE_RATE))).astype(np.int16)
    assert steady_tone_hz(through_alaw(tone(850, 0.6))) == pytest.approx(850, abs=1)
    assert steady_tone_hz(speech(0.6, 1)) is None
    assert steady_tone_hz(np.zeros(4800, dtype=np.int16)) is None
    assert steady_tone_hz(fading) is None


def test_the_prevailing_tone_is_the_one_heard_longest() -> None:
    sound = np.concatenate([speech(3, 1), tone(1000, 0.4), speech(1, 2), tone(650, 3.0), speech(1, 3)])
    assert prevailing_tone_hz(through_alaw(sound)) == 650
    assert prevailing_tone_hz(speech(5, 4)) is None


def test_an_exact_copy_scores_one_at_its_place() -> None:
    recording = speech(10, 1)
    score, start = best_match(recording, recording[20000:36000])
    assert score == pytest.approx(1.0, abs=1e-6)
    assert start == 2.5


@pytest.mark.parametrize("length", [400, 4096, 4097, 8000, 30000])
def test_correlation_agrees_with_the_definition(length: int) -> None:
    recording, template = speech(6, 1).astype(float), speech(6, 2)[:length].astype(float)
    scores = Haystack(recording).correlation(template)
    assert scores.size == recording.size - length + 1
    for start in (0, 1, 12287, 12288, 15000, recording.size - length):
        window = recording[start : start + length]
        plain = window @ template / math.sqrt((window @ window) * (template @ template))
        assert scores[start] == pytest.approx(plain, abs=1e-9)


def test_a_copy_through_g711_at_another_volume_is_found_in_noise() -> None:
    prompt, other = speech(2, 1), speech(2, 2)
    line = np.concatenate([speech(3, 3), through_alaw(prompt // 4), np.zeros(4000, dtype=np.int16)])
    noisy = (line + np.random.default_rng(9).normal(0, 60, line.size)).astype(np.int16)
    score, start = best_match(noisy, prompt)
    assert score > 0.95
    assert start == pytest.approx(3.0, abs=0.001)
    assert best_match(noisy, other)[0] < 0.3


def test_silence_matches_nothing() -> None:
    idle = np.random.default_rng(1).integers(-8, 9, 80000).astype(np.int16)
    assert Haystack(idle).correlation(speech(1, 1)).max() == 0.0


def test_templates_longer_than_the_recording_do_not_fit() -> None:
    assert best_match(speech(1, 1), speech(2, 1)) == (0.0, 0.0)


def test_a_template_without_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="sound"):
        best_match(speech(1, 1), np.zeros(800, dtype=np.int16))


def test_a_minute_is_searched_for_fifty_prompts_within_seconds() -> None:
    haystack = Haystack(speech(60, 1))
    began = time.process_time()  # others on this machine do not count
    for seed in range(50):
        haystack.correlation(speech(1, 100 + seed))
    assert time.process_time() - began < 10


def test_the_longest_gap_counts_the_edges_asked_for() -> None:
    arrivals = [1.0, 1.02, 1.30, 1.32]
    assert longest_gap_s(arrivals) == pytest.approx(0.28)
    assert longest_gap_s(arrivals, since=1.3, until=2.0) == pytest.approx(0.68)
    assert longest_gap_s(arrivals, until=1.1) == pytest.approx(0.08)
    assert longest_gap_s([]) == 0.0
