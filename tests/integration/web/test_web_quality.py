"""Quality control over the API: who draws, scores, answers and decides; months and files; each sees what is theirs."""

from datetime import timedelta

import aiohttp
import pytest

from app.run.quality_jobs import gather_finished_days
from crm.journal.events import AgentMissed, CallEnded, SurveyAnswered, TalkStarted
from tests.integration.web.conftest import House, kind_of, write_sound

FULL = {"polite": 40, "warm": 20, "correct": 40}


async def asked(
    client: aiohttp.ClientSession, method: str, path: str, body: dict[str, object] | None = None, status: int = 200
) -> dict[str, object]:
    async with client.request(method, path, json=body) as answer:
        assert answer.status == status, await answer.text()
        found: dict[str, object] = await answer.json()
    return found


async def items(client: aiohttp.ClientSession, path: str) -> list[dict[str, object]]:
    found = (await asked(client, "GET", path))["items"]
    assert isinstance(found, list)
    return found


async def long_call(house: House, agent: str, seconds: float = 60) -> str:
    """A recorded talk of this length, just over."""
    call = f"long-{agent}-{house.clock().timestamp()}"
    arrived = house.arrival(call)
    at = arrived.at
    legs = {"agent_channel_id": f"a-{call}", "bridge_id": f"b-{call}", "recording": f"{call}.wav"}
    await house.record(
        arrived,
        TalkStarted(event_id=f"{call}.4", at=at, call_id=call, agent=agent, **legs),
        SurveyAnswered(event_id=f"{call}.5", at=at, call_id=call, agent=agent, queue="hotline", score=5),
        CallEnded(
            event_id=f"{call}.9",
            at=at + timedelta(seconds=seconds),
            call_id=call,
            ended_by="caller",
            outcome="answered",
        ),
    )
    write_sound(house.data.recordings / f"{call}.wav")
    return arrived.ticket


def this_week(house: House) -> str:
    year, week, _ = house.clock().astimezone(house.site.zone).isocalendar()
    return f"{year}-W{week:02}"


@pytest.mark.req("QUA-2")
async def test_a_recording_is_drawn_heard_scored_objected_to_and_decided(house: House) -> None:
    ticket, _ = await long_call(house, "8001"), await long_call(house, "8001", seconds=10)
    async with (
        house.logged_in("8801") as supervisor,
        house.logged_in("8001") as agent,
        house.logged_in("8002") as other,
    ):
        week = {"week": this_week(house)}
        assert (await asked(supervisor, "POST", "/api/quality/draws", week))["drawn"] == 1
        assert (await asked(supervisor, "POST", "/api/quality/draws", week))["drawn"] == 0
        (drawn,) = await items(supervisor, "/api/quality/checks?open=true")
        assert (drawn["ticket"], drawn["agent"], drawn["state"], drawn["duration_s"]) == (ticket, "8001", "drawn", 60)
        assert await items(agent, "/api/quality/checks") == [], "an agent is not told what is drawn"
        path = f"/api/quality/checks/{drawn['id']}"
        await asked(agent, "GET", path, status=404)
        async with supervisor.get(f"{path}/recording") as sound:
            assert (sound.status, sound.content_type) == (200, "audio/wav")
        await asked(agent, "GET", f"{path}/recording", status=404)
        ticket_now = await asked(supervisor, "GET", f"/api/tickets/{ticket}")
        logged = [each["by"] for each in ticket_now["timeline"] if each["source"] == "playback"]  # type: ignore[attr-defined]
        assert logged == ["8801"]

        score = {"version": 1, "marks": {"points": FULL | {"warm": 5}, "comment": "语速稍快"}}
        scored = await asked(supervisor, "POST", f"{path}/score", score)
        assert (scored["score"], scored["state"], scored["version"]) == (85, "scored", 2)
        assert await kind_of_status(supervisor, f"{path}/score", score) == (409, "stale")
        assert len(await items(agent, "/api/quality/checks?open=true")) == 1
        assert await items(other, "/api/quality/checks") == []
        await asked(other, "GET", path, status=403)
        await asked(other, "GET", f"{path}/recording", status=403)
        async with agent.get(f"{path}/recording") as sound:
            assert sound.status == 200
        for stranger in (other, supervisor):
            await asked(stranger, "POST", f"{path}/answer", {"version": 2}, status=403)
        objected = await asked(agent, "POST", f"{path}/answer", {"version": 2, "words": "客户先挂断"})
        assert objected["state"] == "objected"
        zero = {"points": FULL, "forbidden": ["arguing"]}
        decided = await asked(
            supervisor, "POST", f"{path}/decide", {"version": 3, "words": "录音中确有争辩", "marks": zero}
        )
        assert (decided["state"], decided["score"]) == ("decided", 0)
        steps = decided["steps"]
        assert isinstance(steps, list) and [step["step"] for step in steps] == ["score", "object", "decide"]
        assert (await items(agent, "/api/messages"))[0]["sender"] == "system"
        async with other.get(f"/api/tickets/{ticket}") as answer:
            assert "质检" not in await answer.text(), "a colleague reads the score on the ticket"


async def kind_of_status(client: aiohttp.ClientSession, path: str, body: dict[str, object]) -> tuple[int, str]:
    async with client.post(path, json=body) as answer:
        return answer.status, await kind_of(answer)


@pytest.mark.req("QUA-2")
@pytest.mark.parametrize(
    ("marks", "field", "words"),
    [
        ({"points": FULL | {"warm": 21}}, "points", "0 to 20"),
        ({"points": {"polite": 1}}, "points", "missing"),
        ({"points": FULL, "forbidden": ["yawning"]}, "forbidden", "does not know"),
        ({"points": FULL, "comment": "bell \x07"}, "comment", "control"),
    ],
)
async def test_marks_that_do_not_fit_are_refused_with_the_reason(
    house: House, marks: dict[str, object], field: str, words: str
) -> None:
    await long_call(house, "8001")
    async with house.logged_in("8801") as supervisor:
        await asked(supervisor, "POST", "/api/quality/draws", {"week": this_week(house)})
        (drawn,) = await items(supervisor, "/api/quality/checks")
        body = {"version": 1, "marks": marks}
        found = await asked(supervisor, "POST", f"/api/quality/checks/{drawn['id']}/score", body, status=400)
    (error,) = found["errors"]  # type: ignore[misc]
    assert error["field"] == field and words in error["message"]


@pytest.mark.req("QUA-3", "QUA-4")
async def test_a_month_is_shown_to_each_agent_alone_and_closed_when_it_is_over(house: House) -> None:
    await long_call(house, "8001")
    await long_call(house, "8002")
    month = f"{house.clock().astimezone(house.site.zone):%Y-%m}"
    path = f"/api/quality/assessment?month={month}"
    async with house.logged_in("8801") as supervisor, house.logged_in("8001") as agent:
        await asked(supervisor, "POST", "/api/quality/draws", {"week": this_week(house)})
        (mine,) = await items(supervisor, "/api/quality/checks?agent=8001")
        body = {"version": 1, "marks": {"points": FULL | {"correct": 30}}}
        await asked(supervisor, "POST", f"/api/quality/checks/{mine['id']}/score", body)
        seen = await asked(supervisor, "GET", path)
        assert [each["subject"] for each in seen["agents"]] == ["8001", "8002", "8003"]  # type: ignore[attr-defined]
        assert [each["subject"] for each in seen["departments"]] == ["reception"]  # type: ignore[attr-defined]
        own = await asked(agent, "GET", path)
        (row,) = own["agents"]  # type: ignore[misc]
        parts = {"attitude": 100, "knowledge": 75, "problem_solving": None, "satisfaction": 100}
        assert (row["parts"], row["score"], row["grade"], row["weight"]) == (parts, 90.6, "excellent", 80)
        assert (own["departments"], own["closed_at"], own["over"]) == ([], None, False)
        close = f"/api/quality/assessment/{month}/close"
        await asked(supervisor, "POST", close, {}, status=400)
        house.clock.advance(timedelta(days=32))
    async with house.logged_in("8801") as supervisor, house.logged_in("8001") as agent:
        note = {"kind": "complaint", "words": "投诉属实", "day": f"{month}-01", "key": "one"}
        await asked(supervisor, "POST", "/api/agents/8001/file", note, status=201)
        closed = await asked(supervisor, "POST", close, {})
        assert closed["closed_by"] == "8801" and closed["rule_version"] == "small-1"
        assert (await asked(agent, "GET", path))["agents"][0]["grade"] == "good"  # type: ignore[index]
        assert await kind_of_status(supervisor, close, {}) == (409, "illegal_transition")
        await asked(supervisor, "GET", "/api/quality/assessment?month=2026-13", status=400)


class Behind:
    """A projector that the store waits for."""

    def status(self) -> dict[str, object]:
        return {"behind_bytes": 17}


@pytest.mark.req("QUA-6")
async def test_a_file_has_notes_of_supervisors_and_the_days_missed_calls(house: House) -> None:
    ticket = await house.call()
    await house.record(
        AgentMissed(event_id="m1", at=house.clock(), call_id="call-1", agent="8001", reason="rona"),
        AgentMissed(event_id="m2", at=house.clock(), call_id="call-1", agent="8001", reason="busy"),
    )
    house.clock.advance(timedelta(days=1))
    await gather_finished_days(house.store, Behind(), house.site, house.clock())
    assert await house.store.agent_files.last_gathered() is None, "the store did not have all events of the day"
    for _ in range(2):
        await gather_finished_days(house.store, house.projector, house.site, house.clock())
    async with (
        house.logged_in("8801") as supervisor,
        house.logged_in("8001") as agent,
        house.logged_in("8002") as other,
    ):
        note = {"kind": "reward", "words": "客户来信表扬", "points": 5, "ticket": ticket, "key": "one"}
        written = await asked(supervisor, "POST", "/api/agents/8001/file", note, status=201)
        assert await asked(supervisor, "POST", "/api/agents/8001/file", note, status=201) == written
        found = await items(agent, "/api/agents/8001/file")
        assert [(each["kind"], each["by"], each["points"]) for each in found] == [
            ("reward", "8801", 5),
            ("missed", "system", 0),
        ]
        assert found[1]["details"] == {"rona": 1, "busy": 1}
        assert len(await items(supervisor, "/api/agents/8001/file?kind=missed")) == 1
        await asked(other, "GET", "/api/agents/8001/file", status=403)
        await asked(supervisor, "GET", "/api/agents/8999/file", status=404)
        for wrong, field in (
            ({"kind": "penalty", "words": "x", "points": 3}, "points"),
            ({"kind": "reward", "words": " "}, "words"),
            ({"kind": "remark", "words": "x", "ticket": "20261122-9999"}, "ticket"),
            ({"kind": "remark", "words": "x", "day": "2999-01-01"}, "day"),
            ({"kind": "missed", "words": "x"}, "kind"),
        ):
            refused = await asked(supervisor, "POST", "/api/agents/8001/file", wrong, status=400)
            assert refused["errors"][0]["field"] == field, refused  # type: ignore[index]
