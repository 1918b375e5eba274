"""The diagrams of the states are drawn from the tables, and the page that is committed is the one that they give."""

from scripts.draw_states import DIAGRAMS, PAGE, diagram, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/draw_states.py"


def test_arrows_between_the_same_states_are_one_and_every_table_is_there() -> None:
    assert diagram([("a", "b", "y"), ("a", "b", "x"), ("b", "a", "")]).splitlines()[2:4] == [
        "    a --> b: x, y",
        "    b --> a",
    ]
    assert all(edges for _, _, edges in DIAGRAMS)
