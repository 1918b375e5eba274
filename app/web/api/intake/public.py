"""The public form: anybody may write, nobody may flood or plant anything (adapter). TKT-1, D11.

Without a login, so everything is bounded: size, rate, the time a form takes to fill in. Contact data is never refused
because it looks odd. What is written is text everywhere it is shown, and the pages' policy runs no script but ours.
"""

import hashlib
import hmac
import math
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, get_args, get_type_hints

from aiohttp import web

from app.web.api.intake.intake import categories_of, registered
from app.web.api.intake.intake_shapes import PublicForm, PublicNew, TicketRegistered
from app.web.api.intake.sent_forms import SentForms
from app.web.http.contract import Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.http.rate import RateLimit
from app.web.wire.problems import Problem, invalid
from crm.intake.model import contact_of
from crm.tickets.model import TicketKind

RATE: Final = web.AppKey("rate", RateLimit)
SENT: Final = web.AppKey("sent", SentForms)
FORM_LASTS: Final = timedelta(hours=24)
KINDS: Final = tuple(TicketKind(kind) for kind in get_args(get_type_hints(PublicNew)["kind"]))


async def public_form(ask: Ask[Nothing, Nothing]) -> PublicForm:
    """404 where the site has no web form."""
    _open(ask)
    services, now = ask.services, ask.services.clock()
    return PublicForm(
        name=services.site.name,
        name_en=services.site.name_en,
        time_zone=services.site.time_zone,
        kinds=list(KINDS),
        categories=categories_of(services.site),
        response_h=round((services.intake.respond_by(now) - now) / timedelta(hours=1), 1),
        least_fill_s=services.site.channels.web_form.least_fill_s,
        token=form_token(services.local_token, now),
    )


async def public_ticket(ask: Ask[Nothing, PublicNew]) -> TicketRegistered:
    """The ticket's number at once, and until when there is an answer."""
    _open(ask)
    new, services, now = ask.body, ask.services, ask.services.clock()
    if new.website:
        raise invalid("website", "leave this field empty: it is there to tell machines apart")
    _check_age(ask, now)
    if not new.matter.strip():
        raise invalid("matter", "say what it is about")
    sent = ask.request.app[SENT]
    try:
        if known := sent.answer_to(new):
            return known
    except ValueError as exc:
        raise Problem("form_expired", "This form was sent already: open it again to write once more.") from exc
    if wait := ask.request.app[RATE].take(ask.door.outside(ask.request).address, now):
        wait_s = max(1, math.ceil(wait.total_seconds()))
        raise Problem("too_many_requests", "Too much was sent in a short time; try later.", retry_after_s=wait_s)
    number, email = contact_of(new.contact)
    fields: dict[str, object] = {
        "received_at": now,
        "kind": new.kind,
        "category": new.category or None,
        "matter": new.matter.strip(),
        "wish": new.wish.strip(),
        "contact_name": new.contact_name.strip(),
        "contact_number": number,
        "email": email,
    }
    answer = await registered(services, services.intake.register_fields("web", fields))
    sent.keep(new, answer)
    return answer


def form_token(secret: str, at: datetime) -> str:
    """Says when the form was opened, so that nobody has to be believed; no two are the same."""
    claim = f"{int(at.timestamp() * 1000)}-{secrets.token_hex(8)}"
    return f"{claim}.{_signature(secret, claim)}"


def opened_at(secret: str, token: str) -> datetime | None:
    """None for a token that is not this system's."""
    claim, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(secret, claim).encode()):
        return None
    return datetime.fromtimestamp(int(claim.partition("-")[0]) / 1000, UTC)


def _signature(secret: str, claim: str) -> str:
    return hmac.new(secret.encode(), f"form.{claim}".encode(), hashlib.sha256).hexdigest()


def _open(ask: Ask[Nothing, Nothing] | Ask[Nothing, PublicNew]) -> None:
    if not ask.services.site.channels.web_form.enabled:
        raise Problem("not_found", "This site has no web form.")


def _check_age(ask: Ask[Nothing, PublicNew], now: datetime) -> None:
    """Nobody writes in no time; and what was opened before a restart is opened again by the page."""
    opened = opened_at(ask.services.local_token, ask.body.token)
    if opened is None or now - opened > FORM_LASTS:
        raise Problem("form_expired", "Open the form again: what was written can be kept.")
    least = timedelta(seconds=ask.services.site.channels.web_form.least_fill_s)
    if now - opened < least:
        left = math.ceil((least - (now - opened)).total_seconds())
        raise Problem("too_many_requests", "That was too fast; send it again in a moment.", retry_after_s=max(1, left))


# fmt: off
PUBLIC_FORM: Final[tuple[AnyOperation, ...]] = (
    operation("public_form", "GET /api/public/form", public_form,
              "What the public form needs", Nothing, Nothing, PublicForm),
    operation("public_ticket", "POST /api/public/tickets", public_ticket,
              "Write to us: the ticket's number at once", Nothing, PublicNew, TicketRegistered, 201),
)
# fmt: on
