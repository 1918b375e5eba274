"""What is wrong in quality.yaml, knowledge.yaml and suggestions.yaml is found, at its exact place. QUA-2, CPL-10."""

from collections.abc import Callable

import pytest

from tests.unit.config.workshop import Workshop


def weights_that_are_not_a_hundred(site: Workshop) -> None:
    site.edit("quality.yaml", "weights: {attitude: 30", "weights: ⟦add up to 110: make them 100⟧{attitude: 40")


def an_item_twice(site: Workshop) -> None:
    site.edit("quality.yaml", "groups:\n    - id: language", "groups:\n    ⟦'warm' is there twice⟧- id: language")
    site.edit("quality.yaml", "{id: polite,", "{id: warm,")


def nothing_counts_for_knowledge(site: Workshop) -> None:
    path = site.directory / "quality.yaml"
    path.write_text(path.read_text("utf-8").replace("counts_for: knowledge", "counts_for: attitude"), "utf-8")
    site.edit("quality.yaml", "groups:\n    - id: lang", "groups:\n    ⟦no group counts for 'knowledge'⟧- id: lang")


def grades_that_do_not_fall(site: Workshop) -> None:
    site.edit("quality.yaml", "- {id: excellent", "⟦'good' must begin below 90⟧- {id: excellent")
    site.edit("quality.yaml", "from_score: 80", "from_score: 95")


def nobody_is_left_without_a_grade(site: Workshop) -> None:
    site.edit("quality.yaml", "- {id: excellent", "⟦the last grade is for everybody else⟧- {id: excellent")
    site.edit("quality.yaml", "title_en: Failed, from_score: 0", "title_en: Failed, from_score: 10")


def a_card_for_unknown_tickets(site: Workshop) -> None:
    site.edit("knowledge.yaml", "categories: [visiting, guiding]", "categories: [⟦did you mean 'visiting'?⟧visitings]")


def a_card_twice(site: Workshop) -> None:
    site.edit("knowledge.yaml", "- id: goods-return", "⟦card 'goods-repair' is there twice⟧- id: goods-repair")


def suggestions_without_time(site: Workshop) -> None:
    site.edit("suggestions.yaml", "decide_within_days: 15", "decide_within_days: ⟦too small: at least 1⟧0")
    site.edit("suggestions.yaml", "- {id: other, title", "- {id: other, ⟦unknown key 'titel'⟧titel: x, title")


CASES: list[Callable[[Workshop], None]] = [
    weights_that_are_not_a_hundred,
    an_item_twice,
    nothing_counts_for_knowledge,
    grades_that_do_not_fall,
    nobody_is_left_without_a_grade,
    a_card_for_unknown_tickets,
    a_card_twice,
    suggestions_without_time,
]


@pytest.mark.parametrize("break_it", CASES)
def test_the_fault_is_found_at_its_place(workshop: Workshop, break_it: Callable[[Workshop], None]) -> None:
    break_it(workshop)
    workshop.assert_faults()
