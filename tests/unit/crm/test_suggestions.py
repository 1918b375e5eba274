"""The way of a suggestion: every step in every state, and the words for who made it. SUG-1."""

import pytest

from crm.errors import IllegalTransition
from crm.suggestions.model import TRANSITIONS, SuggestionState, SuggestionStep, apply, words_for_proposer

pytestmark = pytest.mark.req("SUG-1")


@pytest.mark.parametrize("state", SuggestionState)
@pytest.mark.parametrize("step", SuggestionStep)
def test_every_step_in_every_state(state: SuggestionState, step: SuggestionStep) -> None:
    if (after := TRANSITIONS.get((state, step))) is None:
        with pytest.raises(IllegalTransition):
            apply(state, step)
    else:
        assert apply(state, step) is after


def test_the_proposer_hears_whether_why_and_what_came_of_it() -> None:
    adopted = words_for_proposer("增设座椅", adopted=True, reason="老人多", result="已添 20 把")
    assert adopted == "答复建议人：您的建议“增设座椅”已采纳。原因：老人多；落实情况：已添 20 把"
    assert "未采纳。原因：场地不足" in words_for_proposer("增设座椅", adopted=False, reason="场地不足", result="")
