"""The kinds of ticket (TKT-2), as a site's files and the records name them."""

from typing import Literal

TicketKind = Literal[
    "consultation",
    "complaint",
    "suggestion",
    "visit_booking",
    "guide_booking",
    "after_sales",
    "technical_support",
    "business_application",
    "message",
]
"""咨询 投诉 建议 参观预约 讲解预订 售后 技术支持 业务申请 留言."""
