"""Tickets, calls, customers and due calls through the API: written, refused when stale, masked, heard, promised."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.customers.model import Customer, CustomerNumber
from crm.followups.model import DueCallKind, Outcome
from tests.fakes.desk_messages import pop
from tests.integration.web.conftest import House, kind_of, write_sound


async def test_a_ticket_is_found_written_and_its_history_says_who(house: House) -> None:
    number = await house.call(agent="8001")
    async with house.logged_in("8001") as agent:
        async with agent.get("/api/tickets") as answer:
            page = await answer.json()
        assert [item["number"] for item in page["items"]] == [number] and page["next"] is None
        change = {
            "version": page["items"][0]["version"],
            "kind": "complaint",
            "matter": "停车难 <script>alert(1)</script>",
            "disposition": "answered",
            "state": "pending",
        }
        async with agent.patch(f"/api/tickets/{number}", json=change) as answer:
            assert answer.status == 200, await answer.text()
            saved = await answer.json()
    assert (saved["kind"], saved["state"], saved["matter"]) == ("complaint", "pending", change["matter"])
    assert saved["editable"] and saved["version"] > change["version"]
    changes = {entry["action"]: entry for entry in saved["timeline"] if entry["source"] == "change"}
    assert {"kind", "matter", "disposition", "state"} <= set(changes)
    assert {entry["by"] for entry in changes.values()} == {"8001"}
    assert saved["calls"][0]["talk_at"].endswith("Z") and len(saved["opened_at"]) == len("2026-11-22T01:30:00.000Z")


async def test_of_two_who_write_the_second_is_shown_what_the_first_wrote(house: House) -> None:
    number = await house.call()
    async with house.logged_in("8001") as one, house.logged_in("8002") as two:
        async with one.get(f"/api/tickets/{number}") as answer:
            version = (await answer.json())["version"]
        async with one.patch(f"/api/tickets/{number}", json={"version": version, "matter": "first"}) as answer:
            assert answer.status == 200
        async with two.patch(f"/api/tickets/{number}", json={"version": version, "matter": "second"}) as answer:
            assert answer.status == 409
            problem = await answer.json()
    assert problem["type"] == "urn:sanxiang:stale"
    assert problem["current"]["matter"] == "first"


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"version": 1, "state": "open", "colour": "red"}, "invalid", "body"),
        ({"matter": "no version"}, "invalid", "body"),
        ({"version": 1, "kind": "gossip"}, "invalid", "kind"),
        ({"version": 1, "matter": "x" * 5000}, "invalid", "matter"),
        ({"version": 1, "contact_number": "138****5678"}, "invalid", "contact_number"),
        ({"version": 1, "contact_number": "13812345678/13900000001"}, "invalid", "contact_number"),
        ({"version": 1, "disposition": "forgotten"}, "invalid", "disposition"),
    ],
)
async def test_what_cannot_be_written_is_named(house: House, change: dict[str, object], kind: str, field: str) -> None:
    number = await house.call()
    async with house.logged_in("8001") as agent, agent.patch(f"/api/tickets/{number}", json=change) as answer:
        assert answer.status == 400
        problem = await answer.json()
    assert problem["type"] == f"urn:sanxiang:{kind}"
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_state_that_cannot_be_reached_changes_nothing(house: House) -> None:
    number = await house.call()
    async with house.logged_in("8001") as agent:
        async with agent.patch(f"/api/tickets/{number}", json={"version": 1, "state": "closed"}) as answer:
            closed = await answer.json()
        change = {"version": closed["version"], "state": "pending", "matter": "not to be kept"}
        async with agent.patch(f"/api/tickets/{number}", json=change) as answer:
            assert answer.status == 409
            assert await kind_of(answer) == "illegal_transition"
        async with agent.get(f"/api/tickets/{number}") as answer:
            assert (await answer.json())["matter"] == ""


async def test_numbers_are_masked_outside_the_case_at_hand(house: House) -> None:
    own, foreign = await house.call(agent="8001"), await house.call(ani="05718765432", agent="8002")
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        for person, expected in (
            (agent, {own: ("13812345678", False), foreign: ("0571-****5432", True)}),
            (supervisor, {own: ("13812345678", False), foreign: ("05718765432", False)}),
        ):
            async with person.get("/api/tickets") as answer:
                items = (await answer.json())["items"]
            assert {item["number"]: (item["ani"], item["ani_masked"]) for item in items} == expected
        async with agent.get(f"/api/tickets/{foreign}") as answer:
            text = await answer.text()
        assert "8765432" not in text and "****5432" in text
        house.hub.publish("8001", pop("c-9", foreign))
        async with agent.get(f"/api/tickets/{foreign}") as answer:
            assert (await answer.json())["ani"] == "05718765432"


async def test_agents_see_their_own_calls_and_supervisors_all(house: House) -> None:
    await house.call(agent="8001")
    await house.call(agent="8002")
    async with house.logged_in("8001") as agent, agent.get("/api/calls") as answer:
        assert [call["agent"] for call in (await answer.json())["items"]] == ["8001"]
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/calls") as answer:
            assert {call["agent"] for call in (await answer.json())["items"]} == {"8001", "8002"}
        async with supervisor.get("/api/calls", params={"caller": "+86 138 1234 5678", "limit": "1"}) as answer:
            first = await answer.json()
        async with supervisor.get("/api/calls", params={"limit": "1", "after": first["next"]}) as answer:
            second = await answer.json()
    assert [call["agent"] for call in first["items"] + second["items"]] == ["8002", "8001"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1000", "limit=x", "after=nonsense", "since=yesterday", "since=2026-11-22T01:00:00", "x=1"],
)
async def test_a_malformed_query_is_400(house: House, query: str) -> None:
    async with house.logged_in("8001") as agent, agent.get(f"/api/tickets?{query}") as answer:
        assert answer.status == 400
        assert await kind_of(answer) == "invalid"


async def playbacks(house: House, number: str) -> list[str | None]:
    ticket = await house.store.tickets.get(number)
    assert ticket is not None
    return [entry.by for entry in ticket.timeline if entry.source == "playback"]


async def test_listening_is_logged_once_however_the_player_seeks(house: House) -> None:
    sound = write_sound(house.data.recordings / "talk-1.wav")
    number = await house.call(agent="8001", recording="talk-1.wav")
    async with house.logged_in("8001") as agent:
        async with agent.get(f"/api/tickets/{number}/recording") as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert await answer.read() == sound
        async with agent.get(f"/api/tickets/{number}/recording", headers={"Range": "bytes=100-199"}) as answer:
            assert answer.status == 206
            assert await answer.read() == sound[100:200]
    assert await playbacks(house, number) == ["8001"]


async def test_a_message_nobody_took_is_for_whoever_comes_first(house: House) -> None:
    sound = write_sound(house.data.messages / "message-1.wav")
    number = await house.message("message-1.wav")
    async with house.logged_in("8002") as agent, agent.get(f"/api/tickets/{number}/message") as answer:
        assert await answer.read() == sound
    assert await playbacks(house, number) == ["8002"]


async def test_a_recording_that_is_gone_or_was_never_there(house: House) -> None:
    gone, never = await house.call(agent="8001", recording="old.wav"), await house.call(agent="8001")
    async with house.logged_in("8001") as agent:
        async with agent.get(f"/api/tickets/{gone}/recording") as answer:
            assert answer.status == 410
        async with agent.get(f"/api/tickets/{never}/recording") as answer:
            assert answer.status == 404
    assert await playbacks(house, gone) == []


async def test_a_recording_never_leads_out_of_its_directory(house: House) -> None:
    write_sound(house.data.root / "secret.wav")
    number = await house.call(agent="8001", recording="../secret.wav")
    async with house.logged_in("8001") as agent, agent.get(f"/api/tickets/{number}/recording") as answer:
        assert answer.status == 404


async def test_a_card_is_made_and_masked_for_those_without_a_case_and_changed_with_one(house: House) -> None:
    card = {"name": "王建国", "form_of_address": "先生", "numbers": ["+86 138 1234 5678"], "key_customer": True}
    async with house.logged_in("8801") as supervisor, house.logged_in("8001") as agent:
        async with supervisor.post("/api/customers", json=card) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        assert made["numbers_masked"] is False
        change = {"version": made["version"], "notes": "喜欢周末来"}
        async with agent.patch(f"/api/customers/{made['id']}", json=change) as answer:
            assert answer.status == 403
        await house.call(agent="8001")
        async with agent.patch(f"/api/customers/{made['id']}", json=change) as answer:
            changed = await answer.json()
        assert (changed["notes"], changed["name"], changed["numbers"]) == ("喜欢周末来", "王建国", ["138****5678"])
        async with agent.patch(f"/api/customers/{made['id']}", json=change) as answer:
            assert answer.status == 409
            assert (await answer.json())["current"]["notes"] == "喜欢周末来"
        back = {"version": changed["version"], "numbers": changed["numbers"]}
        async with agent.patch(f"/api/customers/{made['id']}", json=back) as answer:
            assert answer.status == 400
        async with agent.get("/api/customers", params={"q": "王"}) as answer:
            assert [item["id"] for item in (await answer.json())["items"]] == [made["id"]]
        number = await house.call()
        house.hub.publish("8001", pop("c-9", number))
        async with agent.get(f"/api/customers/{made['id']}") as answer:
            shown = await answer.json()
        assert shown["numbers_masked"] is False and number in [item["number"] for item in shown["tickets"]]


@pytest.mark.parametrize("path", ["/api/customers/x", "/api/customers/77", "/api/tickets/nope", "/api/nothing"])
async def test_what_is_not_there_is_404(house: House, path: str) -> None:
    async with house.logged_in("8001") as agent, agent.get(path) as answer:
        assert answer.status == 404
        assert await kind_of(answer) == "not_found"


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


async def test_a_promised_call_uses_the_number_an_agent_may_not_see_and_is_made_once(house: House) -> None:
    number = await house.call(agent="8002")
    promise = {"kind": "callback", "due_at": in_minutes(30), "queue": "hotline", "ticket": number, "key": "dialog-1"}
    async with house.logged_in("8001") as agent:
        made = []
        for _ in range(2):
            async with agent.post("/api/due-calls", json=promise) as answer:
                assert answer.status == 201, await answer.text()
                made.append(await answer.json())
        assert made[0] == made[1]
        async with agent.get("/api/due-calls", params={"state": "scheduled"}) as answer:
            assert [item["id"] for item in (await answer.json())["items"]] == [made[0]["id"]]
    row = await house.store.due_calls.get(int(made[0]["id"]))
    assert row is not None and row.number_key == "13812345678"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"queue": "nowhere"}, "queue"),
        ({"due_at": in_minutes(-60)}, "due_at"),
        ({"due_at": in_minutes(60 * 24 * 400)}, "due_at"),
        ({"number": "138****5678"}, "number"),
        ({"number": None}, "number"),
        ({"ticket": "20200101-0001"}, "ticket"),
    ],
)
async def test_a_promise_that_cannot_be_kept_is_refused(house: House, change: dict[str, object], field: str) -> None:
    promise = {"kind": "callback", "due_at": in_minutes(30), "queue": "hotline", "number": "13812345678"}
    async with house.logged_in("8001") as agent, agent.post("/api/due-calls", json=promise | change) as answer:
        assert answer.status == 400
        assert [error["field"] for error in (await answer.json())["errors"]] == [field]


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize("kind", ["callback", "reminder"])
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+2348031234567", "foreign"),
        ("110", "emergency"),
        ("%2321%23", "bad_number"),
        ("*72900123", "feature_code"),
        ("400-810-0002", "own_line"),
        ("8001", "extension"),
        ("abc", "bad_number"),
    ],
)
async def test_a_call_to_a_number_that_is_not_dialled_is_refused_in_both_languages(
    house: House, kind: str, number: str, reason: str
) -> None:
    promise = {"kind": kind, "due_at": in_minutes(30), "queue": "hotline", "number": number}
    async with house.logged_in("8001") as agent, agent.post("/api/due-calls", json=promise) as answer:
        assert answer.status == 422
        problem = await answer.json()
    assert (problem["type"], problem["reason"]) == ("urn:sanxiang:not_dialled", reason)
    assert problem["detail"].startswith("This number is not dialled") and problem["detail_zh"].startswith("不能拨打")
    assert (await house.store.due_calls.list()).items == ()


@pytest.mark.req("FUP-10")
async def test_who_must_not_be_called_is_reminded_of_nothing_but_called_back_when_they_asked(house: House) -> None:
    card = Customer(name="王芳", do_not_call=True, numbers=(CustomerNumber(raw="13811112222"),))
    await house.store.customers.save(card, by="8001")
    statuses = {}
    async with house.logged_in("8001") as agent:
        for kind in ("callback", "reminder"):
            promise = {"kind": kind, "due_at": in_minutes(30), "queue": "hotline", "number": "+86 138 1111 2222"}
            async with agent.post("/api/due-calls", json=promise) as answer:
                statuses[kind] = (answer.status, (await answer.json()).get("reason"))
    assert statuses == {"callback": (201, None), "reminder": (422, "do_not_call")}


@pytest.mark.req("FUP-10")
async def test_a_queue_callback_is_not_made_by_hand(house: House) -> None:
    promise = {"kind": "queue_callback", "due_at": in_minutes(1), "queue": "hotline", "number": "13812345678"}
    async with house.logged_in("8001") as agent, agent.post("/api/due-calls", json=promise) as answer:
        assert (answer.status, await kind_of(answer)) == (422, "not_by_hand")
    assert (await house.store.due_calls.list()).items == ()


@pytest.mark.req("FUP-10")
async def test_a_call_that_was_set_aside_is_listed_with_its_reason_and_taken_up_by_a_supervisor(house: House) -> None:
    now = house.clock()
    due = await house.store.due_calls.schedule(
        kind=DueCallKind.REMINDER, number="13812345678", due_at=now, ticket=None, queue="hotline", note="", key="k"
    )
    (claim,) = await house.store.due_calls.claim("worker", now=now, lease_s=30, limit=1)
    await house.store.due_calls.finish(claim, Outcome.FAULT, now, fault="KeyError: 'gone'")
    path, aside = f"/api/due-calls/{due.id}/take-up", {"state": "failed", "outcome": "fault"}
    async with house.logged_in("8001") as agent, agent.post(path) as answer:
        assert (answer.status, await kind_of(answer)) == (403, "forbidden")
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/due-calls", params=aside) as answer:
            assert [each["fault"] for each in (await answer.json())["items"]] == ["KeyError: 'gone'"]
        async with supervisor.post(path) as answer:
            assert (answer.status, (await answer.json())["state"]) == (200, "scheduled")
        async with supervisor.post(path) as answer:
            assert (answer.status, await kind_of(answer)) == (409, "illegal_transition")
        async with supervisor.get("/api/due-calls", params=aside) as answer:
            assert (await answer.json())["items"] == []


async def test_a_callback_is_accepted_by_the_agent_it_is_offered_to_and_nobody_else(house: House) -> None:
    now = house.clock()
    due = await house.store.due_calls.schedule(
        kind=DueCallKind.CALLBACK, number="13812345678", due_at=now, ticket=None, queue="hotline", note="", key="k"
    )
    await house.store.due_calls.claim("worker", now=now, lease_s=30, limit=1)
    path = f"/api/due-calls/{due.id}/accept"
    async with house.logged_in("8001") as offered, house.logged_in("8002") as other, house.program() as program:
        async with offered.post(path) as answer:
            assert await kind_of(answer) == "conflict"
        house.hub.publish("8001", pop("c-1", "t-1", due_call=str(due.id)))
        async with other.post(path) as answer:
            assert answer.status == 403
        assert house.accepted == []
        async with offered.post(path) as answer:
            assert (await answer.json())["accepted_by"] == "8001"
        async with program.post(path) as answer:
            assert (await answer.json())["accepted_by"] == "8001"
    assert house.accepted == [(str(due.id), "8001")] * 2


async def test_a_promise_is_called_off_by_who_made_it(house: House) -> None:
    promise = {"kind": "callback", "due_at": in_minutes(30), "queue": "hotline", "number": "13812345678"}
    async with house.logged_in("8001") as maker, house.logged_in("8002") as other:
        async with maker.post("/api/due-calls", json=promise) as answer:
            path = f"/api/due-calls/{(await answer.json())['id']}/cancel"
        async with other.post(path) as answer:
            assert answer.status == 403
        async with maker.post(path) as answer:
            assert (await answer.json())["state"] == "cancelled"
        async with maker.post(path) as answer:
            assert answer.status == 409
