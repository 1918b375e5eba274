"""Visits every day from 9 to 12 and 13 to 17, an hour each, ten visitors at a time; three guides; without files."""

from config.service.bookings import Bookings

RULES = {
    "visits": {
        "hours": {"weekdays": {"mon-sun": ("09:00-12:00", "13:00-17:00")}, "holidays": "open", "make_up_days": None},
        "capacity": 10,
        "party": {"largest": 10},
        "days_ahead": 60,
    },
    "guides": (
        {"id": "lin", "name": "林若溪", "name_en": "Lin Ruoxi", "languages": ("zh", "en"), "agent": "8001"},
        {"id": "he", "name": "何家宁", "name_en": "He Jianing", "languages": ("zh",)},
        {
            "id": "sato",
            "name": "佐藤真由",
            "name_en": "Sato Mayu",
            "languages": ("ja",),
            "hours": {"weekdays": {"mon-sun": ("13:00-17:00",)}, "holidays": "open"},
            "parties_up_to": 5,
        },
    ),
    "notices": (
        {"zh": "请提前十五分钟到达", "en": "Please arrive fifteen minutes early"},
        {"zh": "请携带有效身份证件", "en": "Please bring a valid identity document"},
    ),
}


def small_bookings(**others: object) -> Bookings:
    """`others` replace parts of the rules."""
    return Bookings.model_validate({**RULES, **others})
