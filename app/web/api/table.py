"""All operations in one table: what the router serves, permissions.py rules on and openapi.py describes."""

from typing import Final

from aiohttp import web

from app.web.api.admin.audit import AUDIT
from app.web.api.admin.calendar import CALENDAR
from app.web.api.admin.webhooks import WEB_HOOKS
from app.web.api.bookings.appointments import APPOINTMENTS
from app.web.api.bookings.bookings import BOOKINGS
from app.web.api.cases.cases import CASES
from app.web.api.common.records import (
    CallOut,
    CallQuery,
    DueCallNew,
    DueCallOut,
    DueCallQuery,
    MessageNew,
    MessageOut,
    MessageQuery,
    SoundQuery,
    TicketFull,
    TicketOut,
    TicketPatch,
    TicketQuery,
)
from app.web.api.common.vocabulary import WORDS
from app.web.api.customers.customer_table import CUSTOMER_OPERATIONS
from app.web.api.figures import figures
from app.web.api.figures.figure_shapes import FiguresOut, FiguresQuery, HistoryOut, HistoryQuery
from app.web.api.floor import agents, floor, talks
from app.web.api.followups import due_calls
from app.web.api.intake.aside import ASIDE_MAIL
from app.web.api.intake.attachments import ATTACHMENTS
from app.web.api.intake.intake import INTAKE
from app.web.api.intake.public import PUBLIC_FORM
from app.web.api.knowledge.knowledge import KNOWLEDGE_OPERATIONS
from app.web.api.messages import messages
from app.web.api.quality.assessment import ASSESSMENT_OPERATIONS
from app.web.api.quality.quality import CHECK_OPERATIONS
from app.web.api.reports.reports import OPERATIONS as REPORTS
from app.web.api.suggestions.suggestions import SUGGESTION_OPERATIONS
from app.web.api.tickets import sound, tickets
from app.web.api.tickets.search import SEARCH
from app.web.api.users import people
from app.web.api.users.accounts import ACCOUNTS
from app.web.api.users.keys import API_KEYS
from app.web.api.users.second_factor import SECOND_FACTOR
from app.web.api.users.sign_on import SIGN_ON
from app.web.api.users.telephones import TELEPHONES
from app.web.feeds import live
from app.web.feeds.wallboard_messages import WallboardMessage
from app.web.http import pages
from app.web.http.contract import (
    AgentOut,
    ClosingWish,
    ColleagueOut,
    DeskQuery,
    Listed,
    LoggedIn,
    Login,
    Me,
    MoveWish,
    Nothing,
    PageQuery,
    PasswordChange,
    QueueWithCallers,
    RecordingWish,
    StateWish,
    StatusOut,
    SuperviseWish,
    SupervisionOut,
    TalkOut,
    Telephone,
    TransferWish,
    WrapUpStep,
)
from app.web.http.operations import AnyOperation, Ask, Feed, operation
from app.web.wire.desk_messages import DeskAck, DeskMessage
from app.web.wire.encoding import encode

DESCRIPTION: Final = web.AppKey("description", bytes)


async def _status(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    parts = {name: dict(part) for name, part in ask.services.status().items()}
    up = all(part.get("up") is True for part in parts.values())
    shown = parts if ask.principal else {}
    body = encode(StatusOut(status="up" if up else "down", parts=shown))
    return web.Response(status=200 if up else 503, body=body, content_type="application/json")


async def _openapi(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    return web.Response(body=ask.request.app[DESCRIPTION], content_type="application/json")


# fmt: off
_CALLS_AND_PEOPLE: Final[tuple[AnyOperation, ...]] = (
    operation("login", "POST /api/login", people.login,
              "Log in; the session comes as a cookie", Nothing, Login, LoggedIn, secret=True),
    operation("logout", "POST /api/logout", people.logout, "End the session", Nothing, Nothing, None, 204),
    operation("me", "GET /api/me", people.me,
              "Who one is, the site's lists, one's live state", Nothing, Nothing, Me),
    operation("change_password", "POST /api/me/password", people.change_password,
              "Change one's own password; all other sessions end", Nothing, PasswordChange, None, 204, secret=True),
    operation("list_tickets", "GET /api/tickets", tickets.list_tickets,
              "Tickets, newest first", TicketQuery, Nothing, Listed[TicketOut]),
    operation("get_ticket", "GET /api/tickets/{number}", tickets.get_ticket,
              "A ticket with its calls, timeline and recordings", Nothing, Nothing, TicketFull),
    operation("patch_ticket", "PATCH /api/tickets/{number}", tickets.patch_ticket,
              "Write on a ticket; 409 with `current` when it is stale", Nothing, TicketPatch, TicketFull),
    operation("get_recording", "GET /api/tickets/{number}/recording", sound.get_recording,
              "Listen to the talk; each time is logged", SoundQuery, Nothing, None, 200, "audio/wav"),
    operation("get_message", "GET /api/tickets/{number}/message", sound.get_message,
              "Listen to the message left; each time is logged", SoundQuery, Nothing, None, 200, "audio/wav"),
    operation("list_calls", "GET /api/calls", tickets.list_calls,
              "Calls with their instants, newest first", CallQuery, Nothing, Listed[CallOut]),
    operation("get_talk", "GET /api/calls/{call}/talk", talks.get_talk,
              "The talk that goes on in a call", Nothing, Nothing, TalkOut),
    operation("hold", "POST /api/calls/{call}/hold", talks.hold,
              "The caller hears music", Nothing, Nothing, TalkOut),
    operation("resume", "POST /api/calls/{call}/resume", talks.resume,
              "The caller is back from hold", Nothing, Nothing, TalkOut),
    operation("transfer", "POST /api/calls/{call}/transfer", talks.transfer,
              "Hand the caller on; attended: consult first", Nothing, TransferWish, TalkOut),
    operation("complete_transfer", "POST /api/calls/{call}/transfer/complete", talks.complete_transfer,
              "The attended transfer is done: the agent leaves", Nothing, Nothing, TalkOut),
    operation("cancel_transfer", "POST /api/calls/{call}/transfer/cancel", talks.cancel_transfer,
              "Let the third party go; the caller is back", Nothing, Nothing, TalkOut),
    operation("conference", "POST /api/calls/{call}/conference", talks.conference,
              "Caller, agent and third party hear each other", Nothing, Nothing, TalkOut),
    operation("set_recording", "POST /api/calls/{call}/recording", talks.recording,
              "Pause the recording, or go on with it", Nothing, RecordingWish, TalkOut),
    operation("ask_survey", "POST /api/calls/{call}/survey", talks.survey,
              "End the talk and ask the caller how it was", Nothing, Nothing, TalkOut),
    operation("supervise", "POST /api/calls/{call}/supervise", floor.supervise,
              "Listen to a talk, whisper, barge, take over", Nothing, SuperviseWish, SupervisionOut),
    operation("stop_supervising", "DELETE /api/calls/{call}/supervise", floor.stop_supervising,
              "End the supervision of a talk", Nothing, Nothing, SupervisionOut),
    operation("move_call", "POST /api/calls/{call}/move", floor.move_call,
              "Move a waiting caller to another queue", Nothing, MoveWish, MoveWish),
    operation("close_queue", "POST /api/queues/{queue}/close", floor.close_queue,
              "Close a queue in an emergency", Nothing, ClosingWish, QueueWithCallers),
    operation("open_queue", "POST /api/queues/{queue}/open", floor.open_queue,
              "Open a queue again", Nothing, Nothing, QueueWithCallers),
    operation("list_queues", "GET /api/queues", agents.list_queues,
              "Queues now, with who waits", Nothing, Nothing, Listed[QueueWithCallers]),
    operation("list_agents", "GET /api/agents", agents.list_agents,
              "Agents now", Nothing, Nothing, Listed[AgentOut]),
    operation("list_colleagues", "GET /api/colleagues", agents.list_colleagues,
              "Who takes calls here, and their states", Nothing, Nothing, Listed[ColleagueOut]),
    operation("set_agent_state", "POST /api/agents/{id}/state", agents.set_agent_state,
              "Available, not ready or logged out; in a call: after it", Nothing, StateWish, AgentOut),
    operation("change_wrap_up", "POST /api/agents/{id}/wrap-up", agents.change_wrap_up,
              "End the after-call work now, or take 30 seconds more", Nothing, WrapUpStep, AgentOut),
    operation("get_telephone", "GET /api/agents/{id}/telephone", agents.get_telephone,
              "How the agent's telephone registers", Nothing, Nothing, Telephone),
    operation("list_due_calls", "GET /api/due-calls", due_calls.list_due_calls,
              "Calls that are due", DueCallQuery, Nothing, Listed[DueCallOut]),
    operation("create_due_call", "POST /api/due-calls", due_calls.create_due_call,
              "Promise a call", Nothing, DueCallNew, DueCallOut, 201),
    operation("accept_due_call", "POST /api/due-calls/{id}/accept", due_calls.accept_due_call,
              "Take the call that is offered", Nothing, Nothing, DueCallOut),
    operation("cancel_due_call", "POST /api/due-calls/{id}/cancel", due_calls.cancel_due_call,
              "Call it off", Nothing, Nothing, DueCallOut),
    operation("take_up_due_call", "POST /api/due-calls/{id}/take-up", due_calls.take_up_due_call,
              "Make a call after all that was set aside", Nothing, Nothing, DueCallOut),
    operation("list_messages", "GET /api/messages", messages.list_messages,
              "Messages from and to colleagues, newest first", MessageQuery, Nothing, Listed[MessageOut]),
    operation("send_message", "POST /api/messages", messages.send_message,
              "Leave a colleague a message", Nothing, MessageNew, MessageOut, 201),
    operation("read_message", "POST /api/messages/{id}/read", messages.read_message,
              "Read: the sender sees when", Nothing, Nothing, MessageOut),
    operation("get_figures", "GET /api/figures", figures.get_figures,
              "Figures of a period, by line, level, queue, agent or interval", FiguresQuery, Nothing, FiguresOut),
    operation("agent_history", "GET /api/agents/{id}/history", figures.agent_history,
              "An agent's states and the time in each", HistoryQuery, Nothing, HistoryOut),
    operation("live_desk", "GET /api/live/desk", live.live_desk,
              "WebSocket: the messages of one desk", DeskQuery, Nothing, None, 101,
              feed=Feed(("DeskMessage", DeskMessage), ("DeskAck", DeskAck))),
    operation("live_wallboard", "GET /api/live/wallboard", live.live_wallboard,
              "Server-sent events: the wallboard", Nothing, Nothing, None, 200, "text/event-stream",
              feed=Feed(("WallboardMessage", WallboardMessage))),
    operation("openapi", "GET /api/openapi.json", _openapi, "This description", Nothing, Nothing),
    operation("status", "GET /status", _status,
              "200 when every part is up, else 503", Nothing, Nothing, StatusOut),
)

_PAGES: Final = (
    operation("page", "GET /{path:.*}", pages.page,
              "The front end", PageQuery, Nothing, None, 200, "text/html"),
)
# fmt: on

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    *_CALLS_AND_PEOPLE,
    *WORDS,
    *INTAKE,
    *ATTACHMENTS,
    *ASIDE_MAIL,
    *PUBLIC_FORM,
    *AUDIT,
    *API_KEYS,
    *TELEPHONES,
    *WEB_HOOKS,
    *CHECK_OPERATIONS,
    *ASSESSMENT_OPERATIONS,
    *KNOWLEDGE_OPERATIONS,
    *SUGGESTION_OPERATIONS,
    *CASES,
    *REPORTS,
    *SEARCH,
    *CALENDAR,
    *BOOKINGS,
    *APPOINTMENTS,
    *CUSTOMER_OPERATIONS,
    *ACCOUNTS,
    *SECOND_FACTOR,
    *SIGN_ON,
    *_PAGES,
)
"""In the order in which the router tries them: the pages come last. Each later slice has its own table beside it."""

DESCRIBED: Final = tuple(one for one in OPERATIONS if one.name != "page")
"""Those for programs: what the pages themselves come by is no part of the contract."""
