"""Labels of tickets in both languages: kinds, severities, states, where an entry of the history comes from (rules)."""

from typing import Final

from config.words import Labels, Words
from crm.tickets.model import Severity, TicketKind, TicketState

KINDS: Final[Labels] = {
    TicketKind.CONSULTATION: Words("咨询", "Consultation"),
    TicketKind.COMPLAINT: Words("投诉", "Complaint"),
    TicketKind.SUGGESTION: Words("建议", "Suggestion"),
    TicketKind.VISIT_BOOKING: Words("参观预约", "Visit booking"),
    TicketKind.GUIDE_BOOKING: Words("讲解预订", "Guide booking"),
    TicketKind.AFTER_SALES: Words("售后", "After-sales"),
    TicketKind.TECHNICAL_SUPPORT: Words("技术支持", "Technical support"),
    TicketKind.BUSINESS_APPLICATION: Words("业务申请", "Business application"),
    TicketKind.MESSAGE: Words("留言", "Message"),
}

NOT_CLASSIFIED: Final = Words("未分类", "Not classified")

SEVERITIES: Final[Labels] = {
    Severity.NORMAL: Words("一般", "Normal"),
    Severity.MAJOR: Words("重大", "Major"),
}

STATES: Final[Labels] = {
    TicketState.OPEN: Words("处理中", "Open"),
    TicketState.PENDING: Words("待跟进", "Pending"),
    TicketState.CLOSED: Words("已关闭", "Closed"),
}
"""“办结” is the word for a case that is solved; a ticket is closed after the feedback (TKT-6)."""

LINES: Final[Labels] = {
    "aid": Words("客户援助", "Customer aid"),
    "hotline": Words("客服热线", "Service hotline"),
    "supervision": Words("服务监督", "Service supervision"),
}

SOURCES: Final[Labels] = {
    "call": Words("通话", "Call"),
    "change": Words("修改", "Change"),
    "due_call": Words("待拨", "Due call"),
    "attempt": Words("外呼", "Attempt"),
    "playback": Words("调听", "Playback"),
    "message": Words("留言", "Message"),
    "intake": Words("受理", "Intake"),
    "letter": Words("来信", "Letter"),
    "file": Words("附件", "File"),
    "booking": Words("预约", "Booking"),
    "appointment": Words("上门", "Appointment"),
    "step": Words("办理", "Step"),
    "suggestion": Words("建议", "Suggestion"),
}
"""By `TimelineEntry.source`."""
