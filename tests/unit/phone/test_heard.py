"""Recognition of prompts in what a caller heard."""

import numpy as np
import pytest

from app.phone.sound.audio import SAMPLE_RATE, Samples, tone
from app.phone.sound.heard import begun, recognise, score, templates
from tests.fakes.sound import speech, through_alaw


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def joined(*pieces: Samples) -> Samples:
    return through_alaw(np.concatenate(pieces))


PROMPTS = {
    "greeting": speech(0.6, 1),
    "line": np.concatenate([silence(0.05), speech(2.5, 2), silence(0.1)]),
    "menu-a": speech(4, 3),
    "menu-b": speech(4, 4),
    "long": np.concatenate([speech(1.5, 5), silence(0.6), speech(1.5, 6)]),
    "num-8": speech(0.35, 7),
    "beep": tone(1000, 0.4),
}
KNOWN = templates(PROMPTS)


def names(recording: Samples) -> list[str]:
    return [heard.prompt for heard in recognise(recording, KNOWN)]


def test_prompts_are_told_in_the_order_in_which_they_were_played() -> None:
    line = joined(silence(0.4), PROMPTS["greeting"], PROMPTS["line"], silence(0.2), PROMPTS["menu-a"], PROMPTS["num-8"])
    heard = recognise(line, KNOWN)
    assert [h.prompt for h in heard] == ["greeting", "line", "menu-a", "num-8"]
    assert [h.start_s for h in heard] == pytest.approx([0.4, 1.0, 3.85, 7.85], abs=0.01)
    assert all(h.score > 0.95 and h.complete for h in heard)


def test_a_menu_cut_off_by_a_key_is_recognised_by_what_was_played_of_it() -> None:
    heard = recognise(joined(silence(1), PROMPTS["menu-a"][:12000], speech(3, 50)), KNOWN)
    assert [h.prompt for h in heard] == ["menu-a"]
    assert heard[0].heard_s == pytest.approx(1.5, abs=0.3)
    assert heard[0].score > 0.8
    assert not heard[0].complete


def test_a_menu_of_which_nearly_nothing_was_played_is_not_claimed() -> None:
    assert names(joined(silence(1), PROMPTS["menu-a"][:3000], speech(3, 50))) == []


def test_a_pause_within_a_prompt_does_not_end_it() -> None:
    heard = recognise(joined(silence(0.3), PROMPTS["long"], silence(1)), KNOWN)
    assert [(h.prompt, h.complete) for h in heard] == [("long", True)]
    assert heard[0].heard_s == pytest.approx(3.6, abs=0.02)


def test_a_prompt_cut_off_in_its_pause_is_not_blamed_for_what_follows() -> None:
    heard = recognise(joined(PROMPTS["long"][: round(1.6 * SAMPLE_RATE)], speech(3, 51)), KNOWN)
    assert [(h.prompt, h.complete) for h in heard] == [("long", False)]
    assert heard[0].score > 0.9


def test_a_prompt_played_twice_is_heard_twice() -> None:
    assert names(joined(PROMPTS["menu-b"], silence(0.5), PROMPTS["menu-b"])) == ["menu-b", "menu-b"]


def test_a_beep_is_heard_between_silences_but_not_within_a_longer_tone() -> None:
    assert names(joined(silence(0.5), PROMPTS["beep"], silence(0.5))) == ["beep"]
    assert names(joined(silence(0.5), tone(1000, 3), silence(0.5))) == []


def test_other_speech_and_music_are_no_prompt() -> None:
    assert names(joined(speech(20, 60), tone(880, 2))) == []


def test_score_tells_one_menu_from_another() -> None:
    line = joined(silence(1), PROMPTS["greeting"], PROMPTS["menu-a"], silence(1))
    assert score(line, PROMPTS["menu-a"]) > 0.8
    assert score(line, PROMPTS["menu-b"]) < 0.3


def test_a_menu_has_begun_once_its_first_second_was_heard() -> None:
    assert begun(joined(PROMPTS["menu-a"][:7000]), KNOWN) is None
    assert begun(joined(PROMPTS["menu-a"][:8400]), KNOWN) == "menu-a"


def test_prompts_without_sound_are_left_out() -> None:
    assert templates({"nothing": silence(2), "blip": tone(500, 0.1)}) == ()
