"""What the world sends is understood as each case says: `tests/world/<kind>/<case>/`, see CONTRIBUTING.md."""

from pathlib import Path

import pytest

from tests.world.corpus import CORPUS, EXPECTED, Case, cases_of, faults_of, player_of

WHOLE = "# right\nanswer: yes\n"


@pytest.mark.parametrize("case", cases_of(), ids=lambda case: f"{case.kind}/{case.name}")
def test_what_the_world_sends_is_understood(case: Case) -> None:
    assert player_of(case.kind)(case) == case.expected


def test_the_corpus_is_whole() -> None:
    assert faults_of() == []


def corpus_at(root: Path, *files: str) -> Path:
    (root / "players").mkdir(exist_ok=True)
    for path in (root / name for name in files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(WHOLE, encoding="utf-8")
    return root


PLAYER, LETTER, RIGHT = "players/mail.py", "mail/one/letter.eml", f"mail/one/{EXPECTED}"


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ((), "the corpus is empty"),
        ((LETTER, RIGHT), "mail: has no player"),
        ((PLAYER,), "players/mail.py: plays no case"),
        ((PLAYER, LETTER), f"mail/one: has no {EXPECTED}"),
        ((PLAYER, RIGHT), "mail/one: has no input file"),
    ],
)
def test_what_is_missing_from_a_corpus_is_named(tmp_path: Path, files: tuple[str, ...], fault: str) -> None:
    assert any(each.startswith(fault) for each in faults_of(corpus_at(tmp_path, *files)))


def test_a_kind_without_cases_and_a_case_that_expects_nothing_are_named(tmp_path: Path) -> None:
    corpus = corpus_at(tmp_path, PLAYER, LETTER, RIGHT)
    assert faults_of(corpus) == []
    (corpus / "sheets").mkdir()
    (corpus / "mail" / "one" / EXPECTED).write_text("answer: yes\n", encoding="utf-8")
    assert [fault.split(":")[0] for fault in faults_of(corpus)] == ["sheets", "sheets", "mail/one"]
    (corpus / "mail" / "one" / EXPECTED).write_text("# right\n", encoding="utf-8")
    assert f"mail/one: {EXPECTED} expects nothing" in faults_of(corpus)


def test_every_player_plays() -> None:
    assert all(callable(player_of(case.kind)) for case in cases_of(CORPUS))
