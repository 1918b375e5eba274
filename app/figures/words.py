"""What figures are called in both languages, and how each is counted (rules)."""

from typing import Final

from config.words import Labels, Words

FIGURES: Final[Labels] = {
    "service_level": Words("服务水平", "Service level"),
    "asterisk_service_level": Words("服务水平（Asterisk SL）", "Service level (Asterisk SL)"),
    "asterisk_service_level_2": Words(
        "服务水平（Asterisk SL2）",
        "Service level (Asterisk SL2)",
    ),
    "answer_rate": Words("接通率", "Answer rate"),
    "answer_rate_24h": Words("24 小时接通率", "Answer rate, 24 h"),
    "abandon_rate": Words("放弃率", "Abandoned"),
    "queue_abandon_rate": Words("排队放弃率", "Abandoned in queue"),
    "three_rings_rate": Words("三声内接听（系统）", "Three rings (system)"),
    "person_three_rings_rate": Words("三声内接听（人工）", "Three rings (agent)"),
    "average_speed_of_answer": Words("平均应答时长", "Average speed of answer"),
    "average_handle_time": Words("平均处理时长", "Average handle time"),
    "average_talk": Words("平均通话时长", "Average talk"),
    "average_hold": Words("平均保持时长", "Average hold"),
    "average_wrap_up": Words("平均话后时长", "Average wrap-up"),
    "satisfaction": Words("满意率", "Satisfied"),
    "occupancy": Words("占用率", "Occupancy"),
    "longest": Words("最长等候", "Longest wait"),
}

FORMULAS: Final[Labels] = {
    "service_level": Words(
        "时限内人工接听 ÷（请求人工 − 短时放弃）", "Answered in time ÷ (asked for an agent − short abandons)"
    ),
    "asterisk_service_level": Words("时限内人工接听 ÷ 人工接听", "Answered in time ÷ answered"),
    "asterisk_service_level_2": Words(
        "（时限内人工接听 + 时限内放弃）÷（人工接听 + 排队放弃）",
        "(Answered in time + gave up in time) ÷ (answered + gave up in the queue)",
    ),
    "answer_rate": Words(
        "人工接听 ÷ 请求人工，连续 24 小时应不低于 95%", "Answered ÷ asked for an agent; at least 95 % in any 24 hours"
    ),
    "abandon_rate": Words("放弃 ÷ 来电", "Gave up ÷ calls"),
    "queue_abandon_rate": Words(
        "（排队放弃 − 短时放弃）÷（请求人工 − 短时放弃）",
        "(Gave up in the queue − short abandons) ÷ (asked for an agent − short abandons)",
    ),
    "three_rings_rate": Words(
        "系统在三声内接听 ÷ 系统接听", "Picked up by the system within three rings ÷ picked up by the system"
    ),
    "person_three_rings_rate": Words(
        "自来电起三声内人工接听 ÷ 人工接听", "Answered by an agent within three rings of the call's arrival ÷ answered"
    ),
    "average_speed_of_answer": Words(
        "人工接听的等候时长 ÷ 人工接听",
        "Waits of answered calls ÷ answered",
    ),
    "average_handle_time": Words(
        "（通话 + 保持 + 话后）÷ 处理次数",
        "(Talk + hold + wrap-up) ÷ handled",
    ),
    "average_talk": Words("通话时长 ÷ 处理次数", "Talk ÷ handled"),
    "average_hold": Words("保持时长 ÷ 处理次数", "Hold ÷ handled"),
    "average_wrap_up": Words("话后时长 ÷ 处理次数", "Wrap-up ÷ handled"),
    "satisfaction": Words(
        "按 4、5 键 ÷ 按键评价，应不低于 85%",
        "Keys 4 and 5 ÷ keys pressed; target 85 %",
    ),
}
"""Numerator ÷ denominator, in words."""

COUNTS: Final[Labels] = {
    "offered": Words("来电", "Calls"),
    "answered": Words("人工接听", "Answered"),
    "abandoned": Words("放弃", "Gave up"),
    "queued": Words("请求人工", "Asked for an agent"),
    "rona": Words("三声未接", "Rang out"),
    "refused": Words("拒接", "Refused"),
    "busy": Words("话机忙", "Busy"),
    "unreachable": Words("话机不在线", "Unreachable"),
    "handled": Words("处理", "Handled"),
    "answered_by_system": Words("系统接听", "Picked up by the system"),
    "within_three_rings": Words("系统三声内接听", "Picked up within three rings"),
    "person_within_three_rings": Words("人工三声内接听", "Agent within three rings"),
    "connected": Words("接通", "Connected"),
    "within_threshold": Words("时限内人工接听", "Agent in time"),
    "abandoned_in_queue": Words("排队放弃", "Gave up in the queue"),
    "abandoned_in_threshold": Words("时限内放弃", "Gave up in time"),
    "short_abandons": Words("短时放弃", "Short abandons"),
    "waiting": Words("正在等候", "Waiting"),
    "offers": Words("分配坐席", "Offered to agents"),
    "place_kept": Words("保留排队位置", "Place kept"),
    "surveyed": Words("参与评价", "Rated"),
    "satisfied": Words("满意", "Satisfied"),
}
"""The counts of `Tally` that pages show."""
