"""The one place that turns what went wrong into an answer (adapter). The unforeseen is logged in full, not shown."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http import HttpProcessingError

from app.web.wire.desk import TooManyPages
from app.web.wire.problems import Problem, invalid, limit_met, not_dialled
from crm import errors
from crm.cases.rights import StepRefused
from crm.seen.opening import opened
from ivr.live.talks import LimitReached, NotDialable, Refused
from ivr.port.values import TelephonyError
from routing.agent import IllegalTransition

log = logging.getLogger(__name__)
security = logging.getLogger("security")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_KEPT_OUT = frozenset(
    {
        *("wrong_login", "wrong_code", "forbidden", "foreign_origin"),
        *("too_many_attempts", "too_many_requests", "too_many_pages"),
    }
)
_BY_STATUS = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer that is no success is a problem document."""
    try:
        return await handler(request)
    except Problem as problem:
        return _refused(problem, request)
    except web.HTTPException as exc:
        return _of_http(exc, request)
    except (errors.CrmError, IllegalTransition, Refused, TelephonyError, TooManyPages) as exc:
        return _refused(_foreseen(exc), request)
    except HttpProcessingError as exc:  # a part of a form that is none
        return Problem("invalid", f"{request.method} {request.path}: {exc.message or 'malformed'}.").response()
    except ConnectionError:
        raise  # the other side is gone: there is nobody to answer
    except Exception:
        log.exception(
            "%s %s failed", request.method, request.path, extra={"action": "request_failed", "path": request.path}
        )
        return Problem("internal", "The fault is in the server's log.").response()


def _refused(problem: Problem, request: web.Request) -> web.StreamResponse:
    """The answer; who was kept out, and from what, is told in the security log."""
    if problem.kind in _KEPT_OUT:
        security.info(
            "%s %s: %s",
            request.method,
            request.path,
            problem.detail,
            extra={"action": problem.kind, "address": request.remote},
        )
    return problem.response()


def _of_http(exc: web.HTTPException, request: web.Request) -> web.StreamResponse:
    kind = _BY_STATUS.get(exc.status)
    if kind is None:
        raise exc
    response = Problem(kind, f"{request.method} {request.path}: {exc.reason}.").response()
    if "Allow" in exc.headers:
        response.headers["Allow"] = exc.headers["Allow"]
    return response


def _foreseen(exc: Exception) -> Problem:
    match exc:
        case errors.StoreAway():
            log.warning("A page's request found the store away: %s", exc, extra={"action": "store_away"})
            return Problem("store_away", "Calls go on without the records; try again shortly.")
        case errors.JournalFailed():
            return Problem("store_away", "The disk takes nothing more in; try again when there is room.")
        case errors.UnknownRecord():
            return Problem("not_found", f"{exc}")
        case errors.VersionConflict():
            return Problem("stale", f"{exc}")
        case NotDialable() | errors.NotDialledNumber():
            return not_dialled(exc.refused)
        case LimitReached():
            return limit_met(exc.met, exc.zone)
        case errors.IllegalTransition() | IllegalTransition() | Refused():
            return Problem("illegal_transition", f"{exc}")
        case errors.BadCursor():
            return invalid("after", f"{exc}")
        case errors.BadQuery():
            return invalid("q", f"{exc}", exc.zh)
        case TelephonyError():
            log.warning("A page's wish failed at the telephones: %s", exc, extra={"action": "telephones_refused"})
            return Problem("telephones_away", "The telephones did not carry it out; try again.")
        case TooManyPages():
            return Problem("too_many_pages", f"{exc}")
        case _:
            return _of_use_case(exc)


def _of_use_case(exc: Exception) -> Problem:
    """What a use case refuses, with what a page needs to choose its words."""
    match exc:
        case errors.Forbidden():
            return Problem("forbidden", f"{exc}")
        case errors.TooManySearches():
            wait_s = int(exc.wait.total_seconds())
            return Problem("too_many_requests", f"{exc}.", retry_after_s=wait_s)
        case errors.NotByHand():
            return Problem("not_by_hand", f"{exc}")
        case errors.BadValue():
            return invalid(exc.field, f"{exc}")
        case errors.BadValues():
            faults = [{"field": field, "message": message} for field, message in exc.faults.items()]
            return Problem("invalid", f"{exc}", errors=faults)
        case errors.WrongPassword():
            return invalid("old", "this is not the present password", "原密码不正确")
        case errors.BadPassword():
            return invalid("new", f"{exc}", exc.zh)
        case errors.NumberTaken():
            detail = f"{exc}: move it here explicitly, or merge the two cards"
            return Problem("conflict", detail, taken={"number": opened(exc.number), "customer": str(exc.customer_id)})
        case errors.BookingRefused():
            return Problem("conflict", f"{exc}", reason=exc.reason)
        case StepRefused():
            kind = "forbidden" if exc.forbidden else "illegal_transition"
            return Problem(kind, exc.refusal.en, reason=exc.refusal.code, detail_zh=exc.refusal.zh)
        case errors.NotLikeThis():
            return Problem("illegal_transition", f"{exc}", reason=exc.reason, detail_zh=exc.zh)
        case _:
            return Problem("conflict", f"{exc}")
