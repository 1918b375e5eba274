"""Labels of suggestions in both languages, and what people are told of them (rules). SUG-1"""

from datetime import date
from typing import Final

from config.words import Labels, Words
from crm.suggestions.model import SuggestionState, SuggestionStep

STATES: Final[Labels] = {
    SuggestionState.REGISTERED: Words("待转交", "To be passed on"),
    SuggestionState.PASSED: Words("待答复", "To be decided"),
    SuggestionState.ADOPTED: Words("已采纳", "Adopted"),
    SuggestionState.DECLINED: Words("未采纳", "Not adopted"),
    SuggestionState.TOLD: Words("已告知建议人", "Proposer told"),
}

STEPS: Final[Labels] = {
    SuggestionStep.REGISTER: Words("登记了建议", "registered it"),
    SuggestionStep.PASS: Words("转交", "passed it to"),
    SuggestionStep.ADOPT: Words("决定采纳", "adopted it"),
    SuggestionStep.DECLINE: Words("决定不采纳", "did not adopt it"),
    SuggestionStep.REMIND: Words("催办承办部门", "reminded the department"),
    SuggestionStep.TELL: Words("再次安排回电", "had another call entered"),
    SuggestionStep.TOLD: Words("已告知建议人", "the proposer was told"),
}


def passed_on(ticket: str, department: Words, until: date, remark: str) -> Words:
    """To the department that has to decide."""
    zh, en = (f"说明：{remark}", f" Remark: {remark}") if remark else ("", "")
    return Words(
        f"建议 {ticket} 转交{department.zh}，请于 {until:%Y-%m-%d} 前答复是否采纳。{zh}",
        f"Suggestion {ticket} was passed on to {department.en}: decide by {until:%Y-%m-%d}.{en}",
    )


def overdue(ticket: str, department: Words, days: int) -> Words:
    """To the department that has not decided in time."""
    return Words(
        f"催办：建议 {ticket}（{department.zh}）答复期限已过{f' {days} 天' if days else ''}，请尽快答复是否采纳。",
        f"Reminder: suggestion {ticket} ({department.en}) is overdue{f' by {days} days' if days else ''}: decide.",
    )
