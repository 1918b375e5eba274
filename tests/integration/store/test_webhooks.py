"""Web hooks from the store to a real server: once each, in order, signed, again after failures, nowhere else."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import app.channels.webhooks
from app.channels.webhooks import HookSender
from config.service.channels import WebHooks
from crm.db.store import Store
from crm.intake.model import FileKept
from crm.journal.events import CallArrived
from crm.journal.journal import Journal
from crm.use_cases.accounts.people import enrol_site
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all


class Subscriber:
    """A server that takes web hooks; `answers` are its next statuses, then 200."""

    def __init__(self) -> None:
        self.taken: list[dict[str, object]] = []
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.answers: list[int] = []
        self.hangs = False
        self.server = TestServer(web.Application(), host="127.0.0.1")
        self.server.app.router.add_post("/hook", self._take)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def _take(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self.bodies.append(await request.read())
        if self.hangs:
            await asyncio.sleep(30)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(json.loads(self.bodies[-1]))
        return web.Response(status=status, headers={"Location": "/hook"} if status == 302 else {})


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    running = Subscriber()
    await running.server.start_server()
    yield running
    await running.server.close()


def rules(subscriber: Subscriber, **changes: object) -> WebHooks:
    fields = {"allowed": (subscriber.origin,), "private": ("127.0.0.0/8",), "give_up_days": 1.0} | changes
    return WebHooks.model_validate(fields)


@pytest.fixture
async def sender(store: Store, subscriber: Subscriber, clock: HandClock) -> AsyncIterator[HookSender]:
    made = HookSender(rules(subscriber), store.hooks, clock)
    yield made
    await made.close()


async def calls(store: Store, journal: Journal, clock: HandClock, count: int) -> list[str]:
    numbers = []
    for _ in range(count):
        number = journal.next_ticket_number(clock().date())
        arrived = {"channel_id": "c", "direction": "inbound", "dnis": "1", "ani": "2", "caller_name": "", "line": None}
        journal.append(CallArrived(at=clock(), call_id=f"call {number}", ticket=number, **arrived))
        numbers.append(number)
    await project_all(journal, store)
    return numbers


async def test_news_go_out_once_in_order_and_signed(
    store: Store, journal: Journal, clock: HandClock, sender: HookSender, subscriber: Subscriber
) -> None:
    await calls(store, journal, clock, 3)
    hook = await store.hooks.create(f"{subscriber.origin}/hook", ["ticket.*"], "key", by="8901")
    assert await sender.tick() == 0, "what was before is nobody's news"
    numbers = await calls(store, journal, clock, 12)
    assert await sender.tick() == 12
    assert await sender.tick() == 0
    assert [each["subject"] for each in subscriber.taken] == [f"ticket {number}" for number in numbers]
    assert {each["event"] for each in subscriber.taken} == {"ticket.opened"}
    stamp, _, digest = subscriber.requests[0].headers["Sanxiang-Signature"].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + subscriber.bodies[0]
    assert hmac.new(b"key", signed, hashlib.sha256).hexdigest() == digest
    page = await store.hooks.deliveries(hook.id, limit=10)
    more = await store.hooks.deliveries(hook.id, limit=10, after=page.next)
    assert len(page.items) + len(more.items) == 12 and all(each.status == 200 for each in page.items)


async def test_acts_of_the_trail_are_news_under_their_own_names(
    store: Store, journal: Journal, clock: HandClock, sender: HookSender, subscriber: Subscriber
) -> None:
    (number,) = await calls(store, journal, clock, 1)
    await store.hooks.create(f"{subscriber.origin}/hook", ["due_call.*", "ticket.attached"], "key", by="8901")
    due = {"number": "13812345678", "due_at": clock() + timedelta(hours=1), "ticket": number, "queue": "q", "note": ""}
    made = await store.due_calls.schedule(kind="callback", key="k", by="8001", **due)
    await store.due_calls.cancel(made.id, by="8001")
    file = FileKept(id="0" * 32, name="a.txt", media="text/plain", size=1, sha256="x")
    await store.intake.add_file(number, file, by="8001")
    await sender.tick()
    assert [each["event"] for each in subscriber.taken] == [
        "due_call.promised",
        "due_call.cancelled",
        "ticket.attached",
    ]
    assert "138" not in json.dumps(subscriber.taken)


async def test_a_failure_holds_up_what_is_behind_it_and_is_tried_again(
    store: Store, journal: Journal, clock: HandClock, sender: HookSender, subscriber: Subscriber
) -> None:
    hook = await store.hooks.create(f"{subscriber.origin}/hook", ["*"], "key", by="8901")
    await store.hooks.change(hook.id, 1, {"events": ("ticket.*",)}, by="8901")
    numbers = await calls(store, journal, clock, 2)
    subscriber.answers = [500, 302, 204]
    assert await sender.tick() == 0 and len(subscriber.requests) == 1
    assert await sender.tick() == 0 and len(subscriber.requests) == 1, "not before the pause is over"
    clock.forward(seconds=5)
    await sender.tick()
    (state,) = await store.hooks.list()
    assert state.failing_since is not None and state.waiting == 2
    newest = (await store.hooks.deliveries(hook.id)).items[-1]
    assert "redirects are not followed" in newest.error and newest.attempts == 2
    clock.forward(seconds=10)
    assert await sender.tick() == 2
    assert [each["subject"] for each in subscriber.taken] == [f"ticket {numbers[1]}"], "204 took the first"
    assert (await store.hooks.list())[0].failing_since is None


async def test_who_fails_for_days_is_stopped_and_administrators_are_told(
    store: Store, journal: Journal, clock: HandClock, sender: HookSender, subscriber: Subscriber
) -> None:
    await enrol_site(store, small_site().agents)
    hook = await store.hooks.create(f"{subscriber.origin}/hook", ["*"], "key", by="8901")
    (number, *_) = await calls(store, journal, clock, 1)
    subscriber.answers = [500] * 9
    await sender.tick()
    clock.forward(days=1)
    await sender.tick()
    (state,) = await store.hooks.list()
    assert not state.active and "500" in state.stopped_why
    (notice,) = (await store.messages.list(recipient="8901")).items
    assert "已停用" in notice.text and notice.sender == "system"
    assert await sender.tick() == 0 and len(subscriber.requests) == 2
    await store.hooks.change(hook.id, state.version, {"active": True}, by="8901")
    subscriber.answers = []
    clock.forward(hours=2)
    await sender.tick()
    assert number in str(subscriber.taken[0]["subject"]) or subscriber.taken


async def test_a_server_that_hangs_costs_three_seconds(
    store: Store, journal: Journal, clock: HandClock, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.channels.webhooks, "TIMEOUT_S", 0.2)
    sender = HookSender(rules(subscriber), store.hooks, clock)
    subscriber.hangs = True
    hook = await store.hooks.create(f"{subscriber.origin}/hook", ["ticket.*"], "key", by="8901")
    await calls(store, journal, clock, 1)
    async with asyncio.timeout(3):
        assert await sender.tick() == 0
    assert "no answer" in (await store.hooks.deliveries(hook.id)).items[0].error
    await sender.close()


@pytest.mark.parametrize("way", ["name", "number", "rebound", "shorter list"])
async def test_nothing_reaches_a_private_address(
    store: Store,
    journal: Journal,
    clock: HandClock,
    subscriber: Subscriber,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """By a name that leads there, by the number itself, by a name that leads somewhere else the second time."""
    port = subscriber.server.port
    host = "127.0.0.1" if way in ("number", "shorter list") else "crm.example.cn"
    asked: list[str] = []

    async def getaddrinfo(name: str, *_: object, **__: object) -> list[object]:
        asked.append(name)
        address = "127.0.0.9" if way == "rebound" and len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(app.channels.webhooks, "TIMEOUT_S", 0.3)
    private = {"shorter list": ("127.0.0.0/8",), "rebound": ("127.0.0.9/32",)}.get(way, ())
    allowed = () if way == "shorter list" else (f"http://{host}:{port}",)
    sender = HookSender(rules(subscriber, allowed=allowed, private=private), store.hooks, clock)
    hook = await store.hooks.create(f"http://{host}:{port}/hook", ["ticket.*"], "key", by="8901")
    await calls(store, journal, clock, 1)
    assert await sender.tick() == 0
    await sender.close()
    assert subscriber.requests == []
    error = (await store.hooks.deliveries(hook.id)).items[0].error
    assert error and len(asked) <= 1
