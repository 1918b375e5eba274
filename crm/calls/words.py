"""Labels of calls in both languages: events, outcomes, and why something came to nothing (rules). TKT-3"""

from typing import Final

from config.words import Labels, Words

OUTCOMES: Final[Labels] = {
    "answered": Words("已接通", "Answered"),
    "abandoned_ringing": Words("振铃时挂断", "Abandoned while ringing"),
    "abandoned_menu": Words("菜单中挂断", "Abandoned in the menu"),
    "abandoned_queue": Words("排队时挂断", "Abandoned in the queue"),
    "abandoned_message": Words("留言时挂断", "Abandoned at the message"),
    "message": Words("留言", "Message left"),
    "no_message": Words("未留言", "No message left"),
    "out_of_hours": Words("非服务时间", "Out of hours"),
    "queue_closed": Words("暂停受理", "Queue closed"),
    "information": Words("自助查询", "Self-service"),
    "dropped_by_system": Words("系统中断", "Dropped by the system"),
    "refused_overload": Words("系统繁忙未接入", "Refused: system at its limit"),
    "refused_unsupported": Words("呼叫信令不支持，未接入", "Refused: signalling or codec not supported"),
    "refused_too_many": Words("来电过于频繁，未接入", "Refused: too many calls from one number, or in all"),
    "not_reached": Words("未接通", "Not reached"),
    "refused": Words("拒接", "Refused"),
    "confirmed": Words("已确认", "Confirmed"),
    "changed": Words("要求更改", "Change requested"),
    "cancelled": Words("客户取消", "Cancelled by the customer"),
    "rated": Words("已评价", "Rated"),
    "no_answer_given": Words("未按键", "No key pressed"),
    "place_kept": Words("保留位置，轮到时回电", "Place kept, called back in turn"),
}

RUNNING: Final = Words("进行中", "Running")

EVENTS: Final[Labels] = {
    "CallArrived": Words("来电受理", "Call arrived"),
    "CallRang": Words("振铃", "Ringing"),
    "BookingAnswered": Words("预约提醒：客户按键", "Booking reminder: key pressed"),
    "VisitRated": Words("参观评价", "Visit rated"),
    "CallAnswered": Words("系统接听", "Answered by the system"),
    "MenuEntered": Words("进入语音菜单", "Menu"),
    "MenuChosen": Words("菜单选择", "Menu choice"),
    "LanguageChosen": Words("选择语言", "Language chosen"),
    "PlaceHandedOn": Words("保留位置，轮到时回电", "Place kept for a callback"),
    "CallQueued": Words("进入队列", "Queued"),
    "CallOverflowed": Words("溢出转接", "Moved on"),
    "DutyRang": Words("呼叫值班人员", "Person on duty rung"),
    "DutyDeclined": Words("值班人员未接", "Person on duty did not take it"),
    "DutyAccepted": Words("值班人员接听", "Person on duty took it"),
    "DutyMissed": Words("警示：值班漏接", "Warning: duty call missed"),
    "CallbackOwed": Words("应回电", "Call owed"),
    "AgentOffered": Words("分配坐席", "Offered to agent"),
    "AgentMissed": Words("坐席未接", "Missed by agent"),
    "AgentAnswered": Words("坐席接听", "Agent answered"),
    "TalkStarted": Words("开始通话", "Talk began"),
    "CallHeld": Words("保持通话", "On hold"),
    "CallResumed": Words("恢复通话", "Back from hold"),
    "TransferAsked": Words("转接", "Transfer"),
    "TransferFailed": Words("转接未成", "Transfer failed"),
    "NumberRefused": Words("号码不予拨打", "Number not dialled"),
    "NumberDialled": Words("呼出", "Dialled"),
    "ThirdJoined": Words("第三方接通", "Third party joined"),
    "ThirdLeft": Words("第三方退出", "Third party left"),
    "ConferenceStarted": Words("三方通话", "Three-way talk"),
    "AgentLeft": Words("坐席退出通话", "Agent left the call"),
    "OutsideTalkStarted": Words("与外线通话", "Talk with a number outside"),
    "RecordingPaused": Words("暂停录音", "Recording paused"),
    "RecordingResumed": Words("继续录音", "Recording resumed"),
    "SurveyAnswered": Words("客户评价", "Caller's rating"),
    "CallMoved": Words("移至其他队列", "Moved to another queue"),
    "SupervisorJoined": Words("班长督导", "Supervisor in the talk"),
    "SupervisorLeft": Words("班长退出督导", "Supervisor out of the talk"),
    "MessageLeft": Words("客户留言", "Message left"),
    "CallNoted": Words("备注", "Note"),
    "CallAdopted": Words("系统恢复后接续", "Taken up after a restart"),
    "CallEnded": Words("通话结束", "Call ended"),
}
"""What a ticket's history tells of its calls, by the event's name. An event without words is inner machinery and is not
shown: where a call goes next, each leg outside that rings."""

NOT_REACHED: Final[Labels] = {
    "not_dialled": Words("号码不予拨打", "the number is not dialled"),
    "rona": Words("三声未接", "not picked up"),
    "busy": Words("话机忙", "telephone busy"),
    "rejected": Words("话机拒接", "rejected"),
    "unreachable": Words("话机不在线", "telephone not connected"),
    "caller_hung_up": Words("客户先挂机", "caller hung up first"),
    "recovered": Words("系统恢复", "restart"),
    "cancelled": Words("已取消", "cancelled"),
    "left": Words("坐席已离开", "the agent has left"),
    "no_answer": Words("无人接听", "no answer"),
    "not_accepted": Words("未接受回访", "callback not accepted"),
    "answered_elsewhere": Words("同事已先接听", "a colleague was quicker"),
    "congested": Words("系统线路不足", "no line free in the system"),
}
"""Why an offer failed or a transfer came to nothing."""

DUTY: Final[Labels] = {
    "not_dialled": Words("号码不予拨打", "the number is not dialled"),
    "no_answer": Words("无人接听", "no answer"),
    "busy": Words("占线", "busy"),
    "rejected": Words("拒接", "rejected"),
    "unreachable": Words("无法接通", "unreachable"),
    "cancelled": Words("已取消", "cancelled"),
    "hung_up": Words("接听后挂断", "answered and hung up"),
    "not_accepted": Words("未按键确认", "did not press 1"),
    "left": Words("接通前挂断", "hung up before the talk"),
}
"""Why somebody on duty did not take a call."""

DUTY_MISSED: Final[Labels] = {
    "nobody_on_duty": Words("无人当班", "nobody was on duty"),
    "nobody_took_it": Words("当班人员均未接听", "nobody on duty took it"),
}
"""By `DutyMissed.reason`."""

OVERFLOWS: Final[Labels] = {
    "after_s": Words("等候超时", "waited too long"),
    "longer_than": Words("排队人数已满", "queue full"),
    "no_staff": Words("无人值守", "nobody there"),
    "closed": Words("已过服务时间", "closing time"),
    "max_wait": Words("超过最长等候", "longest wait over"),
}
"""By `CallOverflowed.why`."""

CHOICES: Final[Labels] = {
    "message": Words("留言", "Message"),
    "hangup": Words("结束", "Ended"),
    "menu": Words("菜单", "Menu"),
    "duty": Words("值班人员", "Person on duty"),
}
"""Where a caller chose, or was moved, to go; a queue goes by its title."""

SUPERVISION_ENDS: Final[Labels] = {
    "stopped": Words("主动结束", "stopped"),
    "hung_up": Words("班长挂机", "supervisor hung up"),
    "talk_ended": Words("通话结束", "talk ended"),
    "no_answer": Words("班长未接听", "supervisor did not answer"),
    "busy": Words("班长话机忙", "supervisor's telephone busy"),
    "rejected": Words("班长拒接", "supervisor refused"),
    "unreachable": Words("班长话机不在线", "supervisor's telephone not there"),
    "cancelled": Words("已取消", "cancelled"),
    "congested": Words("系统线路不足", "no line free in the system"),
    "failed": Words("电话系统故障", "telephone fault"),
    "recovered": Words("系统恢复", "system recovered"),
}
"""By `SupervisorLeft.reason`."""

ENDED_BY: Final[Labels] = {
    "caller": Words("客户挂机", "Caller hung up"),
    "agent": Words("坐席挂机", "Agent hung up"),
    "system": Words("系统结束", "Ended by the system"),
}
"""By `CallEnded.ended_by`."""

DIRECTIONS: Final[Labels] = {
    "inbound": Words("来电", "Inbound"),
    "outbound": Words("外呼", "Outbound"),
    "agent": Words("坐席", "Agent"),
}
"""By `CallArrived.direction`."""
AGENT_STATES: Final[Labels] = {
    "logged_out": Words("已签出", "Logged out"),
    "available": Words("就绪", "Available"),
    "reserved": Words("来电分配", "Call assigned"),
    "ringing": Words("振铃", "Ringing"),
    "talking": Words("通话中", "Talking"),
    "hold": Words("保持中", "On hold"),
    "wrap_up": Words("话后处理", "Wrap-up"),
    "not_ready": Words("示忙", "Not ready"),
}


def duty_missed(title: str, reason: str) -> Words:
    """To supervisors: a caller found nobody on duty. `title`: of the duty, as the site has it."""
    why = DUTY_MISSED.get(reason, Words(reason, reason))
    return Words(
        f"警示：{title}漏接来电（{why.zh}），请跟进。",
        f"Warning: a call to {title} was missed ({why.en}): follow it up.",
    )


def clock_stepped(by_s: float, apart_s: float) -> Words:
    """To supervisors: somebody, or a time source, set the machine's clock. `apart_s`: how far it is ahead of ours."""
    if abs(apart_s) <= 60:
        return Words(
            f"提示：服务器时钟被拨动 {by_s:+g} 秒，系统时间不受影响，现已基本一致，无需处理。",
            f"Note: the server's clock was set by {by_s:+g} s. The hotline's own time is unharmed; both agree again.",
        )
    return Words(
        f"警示：服务器时钟被拨动 {by_s:+g} 秒，现与系统时间相差 {apart_s:+g} 秒。"
        "通话、排队与时限仍按原来的时间进行。"
        "请管理员核对：若服务器时钟有误，请改回；若新时间正确，请在空闲时停止系统，"
        "删除数据目录中的 clock.json 后再启动。",
        f"Warning: the server's clock was set by {by_s:+g} s and is {apart_s:+g} s ahead of the hotline's. Calls, "
        "queues and deadlines go on by the time before. If the server's clock is wrong, set it back; if the new time "
        "is right, stop the hotline in a quiet minute, remove clock.json from its data directory and start it again.",
    )
