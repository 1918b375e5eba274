"""Labels of bookings and appointments in both languages: languages, states, steps, answers (rules). BKG-1, BKG-3"""

from typing import Final

from config.words import Labels, Words
from crm.bookings.appointments import AppointmentState
from crm.bookings.model import BookingState

LANGUAGES: Final[Labels] = {
    "zh": Words("中文", "Chinese"),
    "en": Words("英语", "English"),
    "ja": Words("日语", "Japanese"),
    "ko": Words("韩语", "Korean"),
    "fr": Words("法语", "French"),
    "de": Words("德语", "German"),
    "es": Words("西班牙语", "Spanish"),
    "ru": Words("俄语", "Russian"),
    "ar": Words("阿拉伯语", "Arabic"),
    "yue": Words("粤语", "Cantonese"),
}
"""Languages of guides; the first two are those of callers, too. A site's other language goes by its code."""

STATES: Final[Labels] = {
    BookingState.BOOKED: Words("已预约", "Booked"),
    BookingState.CONFIRMED: Words("已确认", "Confirmed"),
    BookingState.CHANGE_ASKED: Words("要求更改", "Change wanted"),
    BookingState.CANCELLED: Words("已取消", "Cancelled"),
    BookingState.VISITED: Words("已参观", "Visited"),
    BookingState.NO_SHOW: Words("未到", "No-show"),
}

DEEDS: Final[Labels] = {
    "booked": Words("登记预约", "Booked"),
    "moved": Words("更改预约", "Moved"),
    "changed": Words("修改信息", "Details changed"),
    "told": Words("已告知", "Told"),
    "confirm": Words("确认", "Confirmed"),
    "ask_change": Words("要求更改", "Change wanted"),
    "cancel": Words("取消", "Cancelled"),
    "arrive": Words("已参观", "Visited"),
    "miss": Words("未到", "No-show"),
    "rated": Words("评价", "Rated"),
    "too_late": Words("按键时预约已结束", "A key after the booking was over"),
    "proposed": Words("提出预约", "Proposed"),
    "agreed": Words("约定", "Agreed"),
    "agree": Words("约定", "Agreed"),
    "come_in_time": Words("按时到达", "Came in time"),
    "come_late": Words("迟到", "Came late"),
}
"""What was done to a booking or an appointment, as its history has it."""

APPOINTMENT_STATES: Final[Labels] = {
    AppointmentState.PROPOSED: Words("待约定", "Proposed"),
    AppointmentState.AGREED: Words("已约定", "Agreed"),
    AppointmentState.KEPT: Words("按时", "Kept"),
    AppointmentState.LATE: Words("迟到", "Late"),
    AppointmentState.MISSED: Words("失约", "Missed"),
    AppointmentState.CANCELLED: Words("已取消", "Cancelled"),
}

ANSWERS: Final[Labels] = {
    "confirm": Words("按 1 确认", "1: confirmed"),
    "change": Words("按 2 更改", "2: change"),
    "cancel": Words("按 3 取消", "3: cancelled"),
}
"""What the customer pressed in the reminder call."""


def visit_of_ours(where: Words, person: str, *, overdue: bool) -> Words:
    """To whoever goes to a customer's place; when `overdue`, to their supervisors."""
    if overdue:
        return Words(
            f"上门预约已过约定时间，仍未签到。{where.zh}（{person}）",
            f"An appointment is past its time, and nobody has arrived: {where.en} ({person})",
        )
    return Words(f"上门预约提醒。{where.zh}", f"Your appointment: {where.en}")
