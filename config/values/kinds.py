"""The kinds of ticket (TKT-2) and of numbers (FUP-10), as a site's files and the records name them."""

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

DialKind = Literal["fixed", "mobile", "short", "toll_free", "shared_cost", "service", "premium", "abroad"]
"""What a number costs by. `short`: 12345, 95588; `toll_free`: 800; `shared_cost`: 400, 950; `service`: others."""
SiteKind = Literal["fixed", "mobile", "short", "toll_free", "shared_cost", "service"]
"""Kinds that a site may allow as such. Countries are allowed by name, premium numbers one by one."""
