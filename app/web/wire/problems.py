"""What goes wrong on the way to an answer, as problem details (RFC 9457): one exception, one body, fixed kinds.

`type` is `urn:sanxiang:<kind>`: pages choose their words by it; `detail` says in English what happened and what to do.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from aiohttp import hdrs, web

from app.web.wire.encoding import encode
from config.destination import LIMIT_WORDS, REASON_WORDS, LimitMet, NotDialled

KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "unauthenticated": (401, "Log in first"),
    "wrong_login": (401, "Name or password is wrong"),
    "forbidden": (403, "Not allowed"),
    "code": (403, "Enter the code of your app first"),
    "wrong_code": (403, "The code is wrong"),
    "new_password": (403, "Choose a password of your own first"),
    "second_factor": (403, "Set up a second factor first"),
    "confirm_password": (403, "Show your password again first"),
    "foreign_origin": (403, "Not from this page"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "Not possible with this method"),
    "stale": (409, "Changed by someone else"),
    "illegal_transition": (409, "Not possible now"),
    "conflict": (409, "Not possible now"),
    "form_expired": (409, "The form has been open for too long"),
    "too_slow": (408, "The request took too long"),
    "gone": (410, "No longer kept"),
    "too_large": (413, "Too large"),
    "not_json": (415, "Send JSON"),
    "unsupported_file": (415, "This kind of file is not kept"),
    "not_by_hand": (422, "Only the system makes these"),
    "not_dialled": (422, "This number is not dialled"),
    "key_reused": (422, "The key belongs to another request"),
    "invalid": (400, "Check what was entered"),
    "too_many_attempts": (429, "Wait before the next attempt"),
    "too_many_requests": (429, "Wait before the next request"),
    "limit_met": (429, "A limit of outbound calls is met"),
    "too_many_pages": (429, "Too many pages are open"),
    "internal": (500, "A fault in the server"),
    "no_space": (507, "The disk has no room for files"),
    "store_away": (503, "The records are out of reach for the moment"),
    "telephones_away": (503, "The telephones are out of reach for the moment"),
    "no_front_end": (503, "The pages are not built"),
}


class Problem(Exception):
    """An answer other than success. `extra` goes into the body beside the standard members."""

    def __init__(self, kind: str, detail: str, **extra: object) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.extra = extra

    @property
    def status(self) -> int:
        return KINDS[self.kind][0]

    def response(self) -> web.Response:
        status, title = KINDS[self.kind]
        body = {"type": f"urn:sanxiang:{self.kind}", "title": title, "status": status, "detail": self.detail}
        response = web.Response(
            status=status, body=encode({**body, **self.extra}), content_type="application/problem+json"
        )
        if isinstance(wait_s := self.extra.get("retry_after_s"), int):
            response.headers["Retry-After"] = str(wait_s)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


class TurnedBack(web.Response):
    """A browser that is sent on, and nobody is logged in: `why`, and `name`, if somebody was vouched for."""

    def __init__(self, to: str, why: str, name: str = "") -> None:
        super().__init__(status=302, headers={hdrs.LOCATION: to, hdrs.CACHE_CONTROL: "no-store"})
        self.why = why
        self.name = name


def not_dialled(refused: NotDialled) -> Problem:
    """FUP-10: the number may not be dialled, and what to do instead; in both languages, as pages show it."""
    chinese, english = REASON_WORDS[refused.reason]
    return Problem(
        "not_dialled",
        f"This number is not dialled: {english}. Give a fixed or mobile number of mainland China that may be called.",
        detail_zh=f"不能拨打：该号码{chinese}。请改用可以拨打的国内固定电话或手机号码。",
        reason=refused.reason,
        errors=[{"field": "number", "message": english}],
    )


def limit_met(met: LimitMet, zone: tzinfo) -> Problem:
    """FUP-10: no such call now; when one may be made, and what to do, in both languages, as pages show it."""
    chinese, english = LIMIT_WORDS[met.limit]
    again = f"{met.again_at.astimezone(zone):%m-%d %H:%M}"
    return Problem(
        "limit_met",
        f"Not now: the limit of {english} is met ({met.most:g}). Dial again after {again}, or ask your supervisor.",
        detail_zh=f"暂不能拨打：{chinese}已达上限（{met.most:g}）。请在 {again} 之后再拨，或请班长处理。",
        reason=met.limit,
        again_at=met.again_at,
    )


def invalid(field: str, message: str, message_zh: str | None = None) -> Problem:
    """One value of a request is not acceptable. `message_zh`: the same in Chinese, where a page shows it to people."""
    fault = {"field": field, "message": message} | ({"message_zh": message_zh} if message_zh else {})
    return Problem("invalid", f"{field}: {message}", errors=[fault])
