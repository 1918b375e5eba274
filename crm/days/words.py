"""Labels of the kinds of days in both languages (rules)."""

from typing import Final

from config.words import Labels, Words

KINDS: Final[Labels] = {
    "working": Words("工作日", "Working day"),
    "weekend": Words("周末", "Weekend"),
    "holiday": Words("节假日", "Holiday"),
    "make_up": Words("调休上班", "Make-up day"),
}
