"""Labels of spot checks and files in both languages, and what people are told of a check (rules). QUA-2"""

from typing import Final

from config.words import Labels, Words
from crm.quality.file import NoteKind
from crm.quality.scorecard import CheckState, CheckStep

STATES: Final[Labels] = {
    CheckState.DRAWN: Words("待评分", "To be scored"),
    CheckState.SCORED: Words("已评分", "Scored"),
    CheckState.ACKNOWLEDGED: Words("已确认", "Acknowledged"),
    CheckState.OBJECTED: Words("有异议", "Objected to"),
    CheckState.DECIDED: Words("异议已裁定", "Decided"),
}

STEPS: Final[Labels] = {
    CheckStep.SCORE: Words("评分", "scored"),
    CheckStep.ACKNOWLEDGE: Words("确认评分", "acknowledged"),
    CheckStep.OBJECT: Words("提出异议", "objected"),
    CheckStep.DECIDE: Words("裁定异议", "decided"),
}

NOTES: Final[Labels] = {
    NoteKind.REWARD: Words("奖励", "Reward"),
    NoteKind.PENALTY: Words("处罚", "Penalty"),
    NoteKind.COMPLAINT: Words("有效投诉", "Valid complaint"),
    NoteKind.REMARK: Words("备注", "Remark"),
    NoteKind.MISSED: Words("漏接", "Missed calls"),
    NoteKind.BREACH: Words("超时", "Overdue"),
}
"""Kinds of notes of an agent's file."""


def scored(day: str, ticket: str, score: float) -> Words:
    """To the agent whose talk it was."""
    return Words(
        f"质检：您 {day} 的通话（工单 {ticket}）得分 {score:g}，请在“质检”页查看并确认。",
        f"Spot check: your talk of {day} (ticket {ticket}) scored {score:g}. Acknowledge it on the page Quality.",
    )


def objected(by: str, ticket: str, words: str) -> Words:
    """To whoever scored."""
    return Words(
        f"质检异议：{by} 号对工单 {ticket} 的评分提出异议：{words}",
        f"Spot check: {by} objects to the score of ticket {ticket}: {words}",
    )


def decided(ticket: str, score: float | None, words: str) -> Words:
    """To the agent who objected. `score` None: it stays as it is."""
    zh, en = (
        ("维持原评分", "the score stays") if score is None else (f"改为 {score:g} 分", f"the score is now {score:g}")
    )
    return Words(f"质检异议答复：工单 {ticket} {zh}。{words}", f"Spot check decided: ticket {ticket}, {en}. {words}")
