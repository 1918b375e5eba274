"""Subscriptions and what is to be told to them. News are taken from what is committed, each once: the positions move
in the transaction that makes the deliveries."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.typed import typed
from crm.db.hooks.tables import webhook, webhook_delivery, webhook_position
from crm.db.schema.audit import audit
from crm.db.schema.cases import ticket_step
from crm.db.schema.core import colleague_message, event
from crm.db.schema.users import in_force, user_account
from crm.errors import UnknownRecord, VersionConflict
from crm.hooks.model import EVENT_NAMES, Delivery, News, WebHook, news_of_act, news_of_event, retry_after, wants
from crm.journal.decoding import decode_event
from crm.page import Page

MOST_AT_ONCE: Final = 500
SETTLED: Final = timedelta(seconds=3)
"""Steps of cases have several writers: a row is taken when those that were begun with it are there too."""
KEPT: Final = timedelta(days=30)


class WebHookTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = trail
        self._clock = clock

    async def list(self) -> tuple[WebHook, ...]:
        """All, oldest first, each with how much waits for it."""
        undone = webhook_delivery.c.done_at.is_(None) & (webhook_delivery.c.webhook == webhook.c.id)
        waiting = select(func.count()).where(undone).scalar_subquery()
        async with self._database.read() as connection:
            rows = await connection.execute(select(webhook, waiting.label("waiting")).order_by(webhook.c.id))
            return tuple(_hook(row) for row in rows)

    async def get(self, hook_id: int) -> WebHook:
        """Raises UnknownRecord."""
        found = next((each for each in await self.list() if each.id == hook_id), None)
        if found is None:
            raise UnknownRecord("web hook", hook_id)
        return found

    async def create(self, url: str, events: Sequence[str], secret: str, *, by: str) -> WebHook:
        """News from now on."""
        at = self._clock()
        row = {"url": url, "events": " ".join(events), "secret": secret, "active": True, "created_at": at}
        async with self._database.write() as connection:
            await self._begin(connection)
            made = insert(webhook).values(**row, created_by=by, version=1).returning(webhook.c.id)
            hook_id = (await connection.execute(made)).scalar_one()
            await self._log(connection, "created", hook_id, by)
        return await self.get(hook_id)

    async def change(self, hook_id: int, version: int, changes: dict[str, Any], *, by: str) -> WebHook:
        """`changes`: url, events, secret, active. One that is active again is not failing. Raises UnknownRecord,
        VersionConflict."""
        values = dict(changes)
        if "events" in values:
            values["events"] = " ".join(values["events"])
        if values.get("active"):
            values |= {"failing_since": None, "stopped_why": ""}
        async with self._database.write() as connection:
            found = await connection.execute(select(webhook.c.version).where(webhook.c.id == hook_id).with_for_update())
            known = found.scalar_one_or_none()
            if known is None:
                raise UnknownRecord("web hook", hook_id)
            if known != version:
                raise VersionConflict(f"web hook {hook_id}", version, known)
            if values.get("active"):
                await self._begin(connection)
            await connection.execute(
                update(webhook).where(webhook.c.id == hook_id).values(**values, version=version + 1)
            )
            await self._log(connection, "changed", hook_id, by)
        return await self.get(hook_id)

    async def remove(self, hook_id: int, *, by: str) -> None:
        """With all that waits for it. Raises UnknownRecord."""
        async with self._database.write() as connection:
            await connection.execute(delete(webhook_delivery).where(webhook_delivery.c.webhook == hook_id))
            gone = await connection.execute(delete(webhook).where(webhook.c.id == hook_id))
            if gone.rowcount != 1:
                raise UnknownRecord("web hook", hook_id)
            await self._log(connection, "removed", hook_id, by)

    async def deliveries(self, hook_id: int, *, limit: int = 50, after: str | None = None) -> Page[Delivery]:
        """Newest first. Raises BadCursor."""
        size = page_size(limit)
        query = select(webhook_delivery).where(webhook_delivery.c.webhook == hook_id)
        if after is not None:
            query = query.where(webhook_delivery.c.id < parse_numbered(after)[1])
        async with self._database.read() as connection:
            found = await connection.execute(query.order_by(webhook_delivery.c.id.desc()).limit(size + 1))
            rows = [_delivery(row) for row in found]
        more = cursor(rows[size - 1].at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def announce(self, hook_id: int, news: News) -> None:
        """One message more for one subscriber."""
        async with self._database.write() as connection:
            await connection.execute(insert(webhook_delivery).values(_message(hook_id, news, self._clock())))

    # --- the way out ----------------------------------------------------------------------------------------------

    async def collect(self) -> int:
        """Makes the deliveries of what happened since the last time; how many. Nothing is written while nothing has
        happened, or nobody listens."""
        now = self._clock()
        async with self._database.read() as connection:
            hooks = (await connection.execute(select(webhook.c.id, webhook.c.events).where(webhook.c.active))).all()
            if not hooks or await _positions(connection) == await _ends(connection):
                return 0
        async with self._database.write() as connection:
            positions, news = await _positions(connection), list[News]()
            for source, read in (("event", _events), ("audit", _acts), ("step", _steps)):
                end, found = await read(connection, positions.get(source, 0), now)
                news += found
                row = {"source": source, "last_id": end}
                await self._database.upsert(connection, webhook_position, [row], ["source"])
            rows = [
                _message(hook.id, each, now)
                for each in news
                for hook in hooks
                if wants(hook.events.split(), each.event)
            ]
            if rows:
                await connection.execute(insert(webhook_delivery), rows)
        return len(rows)

    async def _begin(self, connection: AsyncConnection) -> None:
        """The first one that listens hears what happens from now on."""
        if (await connection.execute(select(webhook.c.id).where(webhook.c.active))).first() is None:
            rows = [{"source": source, "last_id": end} for source, end in (await _ends(connection)).items()]
            await self._database.upsert(connection, webhook_position, rows, ["source"])

    async def next_for(self, now: datetime) -> tuple[tuple[WebHook, str, Delivery], ...]:
        """The oldest undone message of each active subscription, with its secret, where it is due: those behind it
        wait, so that the order is kept."""
        undone = webhook_delivery.c.done_at.is_(None)
        heads = select(func.min(webhook_delivery.c.id)).where(undone).group_by(webhook_delivery.c.webhook)
        query = select(webhook_delivery).where(webhook_delivery.c.id.in_(heads), webhook_delivery.c.next_at <= now)
        async with self._database.read() as connection:
            due = {row.webhook: _delivery(row) for row in await connection.execute(query)}
            hooks = await connection.execute(select(webhook).where(webhook.c.id.in_(list(due)), webhook.c.active))
            return tuple((_hook(row), row.secret, due[row.id]) for row in hooks)

    async def delivered(self, delivery: Delivery, status: int) -> None:
        mine = webhook_delivery.c.id == delivery.id
        done = {"done_at": self._clock(), "status": status, "error": "", "attempts": delivery.attempts + 1}
        async with self._database.write() as connection:
            await connection.execute(update(webhook_delivery).where(mine).values(**done))
            healthy = update(webhook).where(webhook.c.id == delivery.webhook, webhook.c.failing_since.is_not(None))
            await connection.execute(healthy.values(failing_since=None))

    async def failed(self, delivery: Delivery, status: int | None, error: str, give_up: timedelta) -> bool:
        """Tried again later; True when the subscription was stopped because it has failed for so long: administrators
        are told, and what waits goes out when it is made active again."""
        now, attempts = self._clock(), delivery.attempts + 1
        later = {"attempts": attempts, "status": status, "error": error[:500], "next_at": now + retry_after(attempts)}
        async with self._database.write() as connection:
            mine = webhook.c.id == delivery.webhook
            row = (await connection.execute(select(webhook).where(mine).with_for_update())).one_or_none()
            if row is None:
                return False
            await connection.execute(
                update(webhook_delivery).where(webhook_delivery.c.id == delivery.id).values(**later)
            )
            since = row.failing_since or now
            stopped = row.active and now - since >= give_up
            values: dict[str, Any] = {"failing_since": since}
            if stopped:
                values |= {"active": False, "stopped_why": error[:500], "version": row.version + 1}
            await connection.execute(update(webhook).where(mine).values(**values))
            if stopped:
                await _tell_administrators(connection, row, error, now)
                await self._log(connection, "stopped", row.id, "system")
        return bool(stopped)

    async def forget(self) -> None:
        """Messages over a month old, sent or not."""
        async with self._database.write() as connection:
            old = webhook_delivery.c.at < self._clock() - KEPT
            await connection.execute(delete(webhook_delivery).where(old))

    async def _log(self, connection: AsyncConnection, action: str, hook_id: int, by: str) -> None:
        await self._audit.add(connection, at=self._clock(), by=by, action=action, subject=f"webhook {hook_id}")


Found = tuple[int, list[News]]


async def _positions(connection: AsyncConnection) -> dict[str, int]:
    return {row.source: row.last_id for row in await connection.execute(select(webhook_position))}


async def _ends(connection: AsyncConnection) -> dict[str, int]:
    """The newest row of each source."""
    sources = (("event", event), ("audit", audit), ("step", ticket_step))
    return {name: (await connection.execute(select(func.max(table.c.id)))).scalar_one() or 0 for name, table in sources}


async def _events(connection: AsyncConnection, last: int, _: datetime) -> Found:
    """Of the journal, as the projector has written them: one writer, so in order."""
    newest = (await connection.execute(select(func.max(event.c.id)))).scalar_one() or 0
    query = select(event.c.id, event.c.payload).where(
        event.c.id > last, event.c.id <= newest, event.c.name.in_(EVENT_NAMES)
    )
    rows = (await connection.execute(query.order_by(event.c.id).limit(MOST_AT_ONCE))).all()
    found = [news for row in rows if (news := news_of_event(decode_event(row.payload))) is not None]
    return rows[-1].id if len(rows) == MOST_AT_ONCE else newest, found


async def _acts(connection: AsyncConnection, last: int, _: datetime) -> Found:
    """Of the audit trail, whose writers take turns."""
    query = select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(MOST_AT_ONCE)
    rows = (await connection.execute(query)).all()
    return rows[-1].id if rows else last, [news_of_act(row.at, row.by, row.action, row.subject) for row in rows]


async def _steps(connection: AsyncConnection, last: int, now: datetime) -> Found:
    """Of cases (CPL)."""
    settled = select(ticket_step).where(ticket_step.c.id > last, ticket_step.c.at <= now - SETTLED)
    rows = (await connection.execute(settled.order_by(ticket_step.c.id).limit(MOST_AT_ONCE))).all()
    news = [
        News(event="case.step", at=row.at, subject=f"ticket {row.ticket}", by=row.by, data={"step": row.step})
        for row in rows
    ]
    return rows[-1].id if rows else last, news


def _message(hook_id: int, news: News, now: datetime) -> dict[str, Any]:
    payload = msgspec.json.encode(news).decode()
    return {"webhook": hook_id, "event": news.event, "payload": payload, "at": now, "attempts": 0, "next_at": now}


async def _tell_administrators(connection: AsyncConnection, hook: Row[Any], error: str, now: datetime) -> None:
    names = select(user_account.c.name).where(user_account.c.role == "administrator", in_force)
    text = f"消息推送 {hook.id}（{hook.url}）长时间失败，已停用：{error}"[:500]
    rows = [
        {
            "key": f"webhook:{hook.id}:{now.timestamp()}:{name}",
            "at": now,
            "sender": "system",
            "recipient": name,
            "text": text,
            "caller": "",
        }
        for name in (await connection.execute(names)).scalars()
    ]
    if rows:
        await connection.execute(insert(colleague_message), rows)


def _hook(row: Row[Any]) -> WebHook:
    return typed(WebHook, row, events=tuple(row.events.split()))


def _delivery(row: Row[Any]) -> Delivery:
    return typed(Delivery, row)
