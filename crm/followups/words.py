"""Labels of due calls in both languages: kinds, and what an attempt came to (rules). FUP-1, FUP-10"""

import re
from typing import Final

from config import destination
from config.destination import LimitName
from config.words import Labels, Words
from crm.followups.model import DueCallKind, Outcome

KINDS: Final[Labels] = {
    DueCallKind.CALLBACK: Words("回访", "Callback"),
    DueCallKind.REMINDER: Words("提醒", "Reminder"),
    DueCallKind.QUEUE_CALLBACK: Words("排队回电", "Callback in turn"),
}

OUTCOMES: Final[Labels] = {
    Outcome.TALKED: Words("已通话", "Talked"),
    Outcome.CONFIRMED: Words("已确认", "Confirmed"),
    Outcome.CHANGED: Words("要求更改", "Change requested"),
    Outcome.TRANSFERRED: Words("已转人工", "Handed to an agent"),
    Outcome.CANCELLED: Words("客户取消", "Cancelled by the customer"),
    Outcome.RATED: Words("已评价", "Rated"),
    Outcome.BUSY: Words("占线", "Busy"),
    Outcome.NO_ANSWER: Words("无人接听", "No answer"),
    Outcome.REJECTED: Words("拒接", "Rejected"),
    Outcome.UNREACHABLE: Words("无法接通", "Unreachable"),
    Outcome.HUNG_UP: Words("接听后挂断", "Answered and hung up"),
    Outcome.AGENT_LOST: Words("坐席话机中断", "Agent's telephone failed"),
    Outcome.LOST: Words("系统中断", "Lost at a restart"),
    Outcome.DO_NOT_CALL: Words("拒绝外呼，未拨打", "Not dialled: on a do-not-call list"),
    Outcome.BAD_NUMBER: Words("号码无效，未拨打", "Not dialled: no valid number"),
    Outcome.TOO_LATE: Words("已过时", "Too late"),
    Outcome.FEATURE_CODE: Words("含功能码，未拨打", "Not dialled: has * or #"),
    Outcome.EMERGENCY: Words("紧急求助号码，不代拨", "Not dialled: an emergency number"),
    Outcome.SHORT_NUMBER: Words("短号码，未拨打", "Not dialled: a short number"),
    Outcome.SERVICE_NUMBER: Words("服务号码，未拨打", "Not dialled: a service number"),
    Outcome.OWN_LINE: Words("本单位热线号码，未拨打", "Not dialled: one of our own lines"),
    Outcome.EXTENSION: Words("坐席分机号，未拨打", "Not dialled: an agent's extension"),
    Outcome.FOREIGN: Words("境外号码，未拨打", "Not dialled: abroad"),
    Outcome.PREMIUM: Words("收费信息台号码，未拨打", "Not dialled: a premium-rate number"),
    Outcome.NOT_ALLOWED: Words("号码种类未开放，未拨打", "Not dialled: a kind that this site does not dial"),
    Outcome.ON_DUTY: Words("值班人员号码，未拨打", "Not dialled: somebody on duty"),
    Outcome.NO_CODE: Words("未报回电码", "Callback code not keyed"),
    Outcome.FAULT: Words("系统故障，已搁置", "Set aside after faults of ours"),
}


LONGEST_FAULT: Final = 200
_NUMBER: Final = re.compile(r"\d{7,}")


def fault_words(exc: Exception) -> str:
    """What went wrong, in a line, for whoever looks after the system; without anybody's number."""
    return _NUMBER.sub("…", f"{type(exc).__name__}: {exc}")[:LONGEST_FAULT]


def set_aside(due: int, kind: DueCallKind, fault: str) -> Words:
    """To supervisors: a fault of ours kept a call from being made."""
    return Words(
        f"警示：外呼任务 {due}（{KINDS[kind].zh}）因系统故障多次未能执行，已搁置（{fault}）。"
        "请排除故障后在班长页面重新安排，或人工跟进。",
        f"Warning: call {due} ({KINDS[kind].en}) failed several times by our fault and is set aside ({fault}): "
        "when that is put right take it up again on the supervisor's page, or follow it up by hand.",
    )


def limit_near(limit: LimitName, who: str, used: float, most: float, *, met: bool) -> Words:
    """To supervisors: most of a limit of outbound calls is used up, or all of it."""
    zh, en = destination.LIMIT_WORDS[limit]
    of_zh, of_en = (f"（{who} 号）", f" ({who})") if who else ("", "")
    if met:
        return Words(
            f"警示：{zh}{of_zh}已达上限 {most:g}，超出的外呼顺延。请查明原因；确属需要时请管理员调整 outbound.limits。",
            f"Warning: the limit of {en}{of_en} is met: {most:g}. Further calls wait. Find out why; if they are "
            "needed, have an administrator change outbound.limits.",
        )
    return Words(
        f"提示：{zh}{of_zh}已用 {used:g}，接近上限 {most:g}。请留意是否正常。",
        f"Note: {used:g} of {most:g} are used up of the limit of {en}{of_en}: see whether that is as it should be.",
    )
