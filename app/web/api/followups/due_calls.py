"""Calls that are due: promised, listed, accepted, cancelled (adapter). Dialling them is not done here. FUP-6."""

import msgspec

from app.web.api.common.records import DueCallNew, DueCallOut, DueCallQuery
from app.web.api.common.shown import due_call_out
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from config.ids import AgentId
from crm.use_cases.due_calls import Promise, accept_call, cancel_call, promise_call, take_up_call


async def list_due_calls(ask: Ask[DueCallQuery, Nothing]) -> Listed[DueCallOut]:
    query = ask.query
    page = await ask.seen.due_calls.list(
        limit=query.limit, after=query.after, state=query.state, ticket=query.ticket, outcome=query.outcome
    )
    return Listed(items=[due_call_out(row) for row in page.items], next=page.next)


async def create_due_call(ask: Ask[Nothing, DueCallNew]) -> DueCallOut:
    """A promise to ring somebody at `due_at`; the same `key` again answers with the call made the first time."""
    return due_call_out(await ask.do(promise_call, Promise(**msgspec.structs.asdict(ask.body))))


async def accept_due_call(ask: Ask[Nothing, Nothing]) -> DueCallOut:
    """The agent on whose desk the offer lies takes it; now the customer is dialled."""
    due_call_id = id_of(ask, "due call")
    agent = ask.services.hub.offered_to(str(due_call_id))
    row = await ask.do(accept_call, due_call_id, offered_to=agent)
    ask.services.due_call_accepted(str(row.id), AgentId(row.accepted_by or ""))
    return due_call_out(row)


async def cancel_due_call(ask: Ask[Nothing, Nothing]) -> DueCallOut:
    """409 once it is being dialled."""
    return due_call_out(await ask.do(cancel_call, id_of(ask, "due call")))


async def take_up_due_call(ask: Ask[Nothing, Nothing]) -> DueCallOut:
    """A call that was set aside after faults of ours is due again, now; 409 for any other."""
    return due_call_out(await ask.do(take_up_call, id_of(ask, "due call")))
