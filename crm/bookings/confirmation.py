"""What the customer is told of a booking, in Chinese and English: read out, printed, or sent. Rules. BKG-2."""

from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from config.service.bookings import Bookings
from config.words import Words
from crm.bookings.model import Booking
from crm.bookings.words import LANGUAGES

_DAYS: Final = "一二三四五六日"


class House(NamedTuple):
    """Whose confirmation it is: the site's names, and the zone of its clock."""

    zh: str
    en: str
    zone: ZoneInfo


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The same words in two languages."""

    zh: str
    en: str


def confirmation(booking: Booking, rules: Bookings, house: House) -> Confirmation:
    """Who, when, how many, with which guide, and the site's notices."""
    begins, ends = (at.astimezone(house.zone) for at in (booking.starts_at, booking.ends_at))
    hours = f"{begins:%H:%M}–{ends:%H:%M}"
    guide, guide_en = _guide(booking, rules)
    dear, dear_en = booking.contact_name or "您好", booking.contact_name or "visitor"
    zh = [
        f"【{house.zh}】{dear}：您已预约 {begins.year}年{begins.month}月{begins.day}日"
        f"（星期{_DAYS[begins.weekday()]}）{hours} 参观，共 {booking.party} 人{guide}。预约编号 {booking.id}。",
        *(f"{number}. {notice.zh}。" for number, notice in enumerate(rules.notices, 1)),
    ]
    people = "1 person" if booking.party == 1 else f"{booking.party} people"
    en = [
        f"[{house.en}] Dear {dear_en}, your visit is booked for {begins:%A}, {begins.day} {begins:%B %Y}, {hours}, "
        f"{people}{guide_en}. Booking number {booking.id}.",
        *(f"{number}. {notice.en}." for number, notice in enumerate(rules.notices, 1)),
    ]
    return Confirmation(zh="\n".join(zh), en="\n".join(en))


def _guide(booking: Booking, rules: Bookings) -> tuple[str, str]:
    if booking.language is None:
        return "", ""
    guide = rules.guide(booking.guide) if booking.guide else None
    language = LANGUAGES.get(booking.language, Words(booking.language, booking.language))
    by, by_en = (f"（讲解员 {guide.name}）", f" ({guide.name_en})") if guide else ("", "")
    return f"，{language.zh}讲解{by}", f", guided in {language.en}{by_en}"
