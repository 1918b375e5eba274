"""Labels of the channels by which tickets come, in both languages (rules). TKT-1"""

from typing import Final

from config.words import Labels, Words

CHANNELS: Final[Labels] = {
    "telephone": Words("电话", "Telephone"),
    "web": Words("网上表单", "Web form"),
    "email": Words("电子邮件", "E-mail"),
    "letter": Words("来信", "Letter"),
    "suggestion_box": Words("意见箱", "Suggestion box"),
    "on_site": Words("现场", "On site"),
    "media": Words("媒体", "Media"),
    "referral_12315": Words("12315 转办", "12315 referral"),
}
