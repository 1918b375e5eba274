"""Slots, bookings, confirmations and appointments over the API. BKG-1 to BKG-5."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.channels.outbox import send_waiting
from config.service.outbox import Outbox
from crm.bookings.model import BookingRequest
from crm.journal.events import VisitRated
from crm.use_cases.bookings.desk import BookingDesk
from tests.integration.web.conftest import House, kind_of

Item = dict[str, Any]


async def told(answer: aiohttp.ClientResponse, status: int = 200) -> Item:
    """The body of an answer that has to have this status."""
    assert answer.status == status, await answer.text()
    body: Item = await answer.json()
    return body


def day_after(house: House, days: int = 2) -> date:
    return house.clock().astimezone(house.site.zone).date() + timedelta(days=days)


async def slots(browser: aiohttp.ClientSession, day: date, days: int = 1) -> list[Item]:
    """All slots of some days."""
    found = await told(await browser.get("/api/slots", params={"day": f"{day}", "days": str(days)}))
    return [slot for each in found["days"] for slot in each["slots"]]


@asynccontextmanager
async def desk(house: House) -> AsyncIterator[tuple[aiohttp.ClientSession, str, Item]]:
    """8001 with a ticket and the 14:00 slot of the day after tomorrow."""
    ticket = await house.call(agent="8001")
    async with house.logged_in("8001") as browser:
        (slot,) = [each for each in await slots(browser, day_after(house)) if each["starts"] == "14:00"]
        yield browser, ticket, slot


@pytest.mark.req("BKG-1")
async def test_a_week_of_slots_with_places_guides_and_rules(house: House) -> None:
    async with house.logged_in("8001") as browser:
        found = await told(await browser.get("/api/slots", params={"days": "7"}))
        assert [len(each["slots"]) for each in found["days"]] == [7] * 7
        assert found["days"][0]["day"] == found["today"]
        afternoon = next(slot for slot in found["days"][3]["slots"] if slot["starts"] == "13:00")
        assert (afternoon["capacity"], afternoon["free"], afternoon["why_not"]) == (10, 10, None)
        assert [each["guide"] for each in afternoon["guides"]] == ["lin", "he", "sato"]
        assert [each["guide"] for each in found["days"][3]["slots"][0]["guides"]] == ["lin", "he"]
        assert found["rules"]["languages"] == ["zh", "en", "ja"]
        assert (found["rules"]["offered"], found["rules"]["sends"]) == (True, False)
        (late,) = {slot["why_not"] for slot in await slots(browser, day_after(house, 61))}
        assert late == "too_far"
        bad = await browser.get("/api/slots", params={"day": "tomorrow"})
        assert bad.status == 400 and "day" in (await bad.json())["detail"]


@pytest.mark.req("BKG-1", "BKG-2", "TKT-2")
async def test_booking_takes_places_says_the_notices_and_is_made_once(house: House) -> None:
    async with desk(house) as (browser, ticket, slot):
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 4, "language": "en", "key": "k"}
        booked = await told(await browser.post("/api/bookings", json=wish | {"contact_name": "王芳女士"}), 201)
        again = await told(await browser.post("/api/bookings", json=wish | {"contact_name": "王芳女士"}), 201)
        assert booked["id"] == again["id"]
        assert (booked["state"], booked["guide"], booked["contact_number"]) == ("booked", "lin", "13812345678")
        assert "请携带有效身份证件" in booked["confirmation"]["zh"]
        assert "Please arrive fifteen minutes early" in booked["confirmation"]["en"]
        assert booked["confirmation"]["sent"] is None
        (now,) = [each for each in await slots(browser, day_after(house)) if each["starts"] == "14:00"]
        assert (now["taken"], now["free"]) == (4, 6)
        assert {each["guide"]: each["booking"] for each in now["guides"]}["lin"] == booked["id"]
        full = await told(await browser.get(f"/api/tickets/{ticket}"))
        assert full["kind"] == "guide_booking"
        assert ("booking", "booked") in {(line["source"], line["action"]) for line in full["timeline"]}
        read_out = await told(await browser.post(f"/api/bookings/{booked['id']}/told"))
        assert read_out["told_at"] is not None
        (reminder,) = (await told(await browser.get("/api/due-calls", params={"ticket": ticket})))["items"]
        assert (reminder["kind"], reminder["queue"]) == ("reminder", "hotline")
        otherwise = await browser.post("/api/bookings", json=wish | {"party": 2})
        assert (otherwise.status, (await otherwise.json())["reason"]) == (409, "made_before")


@pytest.mark.req("BKG-1")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"party": 11}, "party_size"),
        ({"party": 8}, "full"),
        ({"language": "fr"}, "no_guide"),
        ({"language": "ja", "party": 6}, "no_guide"),
        ({"language": "en", "guide": "he"}, "guide_busy"),
        ({"starts_at": "2031-01-01T00:10:00Z"}, "no_slot"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_its_reason(house: House, change: Item, reason: str) -> None:
    async with desk(house) as (browser, ticket, slot):
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 3}
        await told(await browser.post("/api/bookings", json=wish), 201)
        refused = await browser.post("/api/bookings", json=wish | change)
        assert refused.status == 409
        assert (await refused.json())["reason"] == reason


async def test_a_request_that_makes_no_sense_is_explained(house: House) -> None:
    async with desk(house) as (browser, ticket, slot):
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 3}
        for change, field in (
            ({"ticket": "20010101-0001"}, "ticket"),
            ({"contact_number": "138****5678"}, "contact_number"),
            ({"party": 0}, "party"),
            ({"starts_at": "2031-01-01T00:10:00"}, "starts_at"),
        ):
            refused = await browser.post("/api/bookings", json=wish | change)
            assert await kind_of(refused) == "invalid"
            assert field in (await refused.json())["detail"]
        for path, kind in (
            ("/api/bookings/999", "not_found"),
            ("/api/bookings/x", "not_found"),
            (f"/api/bookings/{'9' * 30}", "invalid"),
            ("/api/appointments/x", "not_found"),
        ):
            assert await kind_of(await browser.get(path)) == kind


@pytest.mark.req("BKG-1", "CUS-4")
async def test_change_cancel_and_mark_with_versions_and_masked_numbers(house: House) -> None:
    async with desk(house) as (browser, ticket, slot), house.logged_in("8002") as other:
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 4, "language": "zh"}
        booked = await told(await browser.post("/api/bookings", json=wish), 201)
        path = f"/api/bookings/{booked['id']}"
        seen = await told(await other.get(path))
        assert (seen["contact_number"], seen["number_masked"]) == ("138****5678", True)
        (listed,) = (await told(await other.get("/api/bookings", params={"ticket": ticket})))["items"]
        assert listed["contact_number"] == "138****5678"
        morning = next(each for each in await slots(browser, day_after(house, 3)) if each["starts"] == "10:00")
        moved = await told(await other.patch(path, json={"version": 1, "starts_at": morning["starts_at"], "party": 9}))
        assert (moved["party"], moved["version"], moved["contact_number"]) == (9, 2, "138****5678")
        stale = await browser.patch(path, json={"version": 1, "party": 2})
        assert await kind_of(stale) == "stale"
        assert (await stale.json())["current"]["party"] == 9
        noted = await told(await browser.patch(path, json={"version": 2, "note": "需要轮椅"}))
        assert (noted["note"], noted["starts_at"], noted["guide"]) == ("需要轮椅", moved["starts_at"], moved["guide"])
        early = await browser.post(f"{path}/steps", json={"step": "arrive", "version": 3})
        assert (early.status, (await early.json())["reason"]) == (409, "too_early")
        off = await told(await other.post(f"{path}/steps", json={"step": "cancel", "version": 3, "note": "改日再来"}))
        assert off["state"] == "cancelled"
        assert [each["step"] for each in off["history"]] == ["booked", "moved", "changed", "cancel"]
        again = await browser.post(f"{path}/steps", json={"step": "confirm", "version": 4})
        assert await kind_of(again) == "illegal_transition"
        (free,) = [each for each in await slots(browser, day_after(house, 3)) if each["starts"] == "10:00"]
        assert free["free"] == 10


@pytest.mark.req("BKG-4")
async def test_visited_no_show_and_their_figures(house: House) -> None:
    async with desk(house) as (browser, ticket, slot):
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 3}
        came = await told(await browser.post("/api/bookings", json=wish | {"language": "zh"}), 201)
        stayed_away = await told(await browser.post("/api/bookings", json=wish), 201)
    house.clock.advance(timedelta(days=2, hours=20))
    async with house.logged_in("8001") as browser, house.logged_in("8801") as supervisor:
        for booking, step, state in ((came, "arrive", "visited"), (stayed_away, "miss", "no_show")):
            body = {"step": step, "version": booking["version"]}
            done = await told(await browser.post(f"/api/bookings/{booking['id']}/steps", json=body))
            assert done["state"] == state
        due = (await told(await browser.get("/api/due-calls", params={"ticket": ticket})))["items"]
        assert [each["note"] for each in due if each["state"] == "scheduled"] == ["参观后回访：请打分（1–5）"]
        await house.record(VisitRated(event_id="r", at=house.clock(), call_id="c", booking=int(came["id"]), score=5))
        midnight = datetime.combine(day_after(house, 0), datetime.min.time(), house.site.zone)
        since, until = (midnight + timedelta(days=days) for days in (-5, 5))
        period = {"since": since.isoformat(), "until": until.isoformat(), "by": "language"}
        assert (await browser.get("/api/bookings/figures", params=period)).status == 403
        figures = await told(await supervisor.get("/api/bookings/figures", params=period))
        total = figures["total"]
        assert (total["bookings"], total["visited"], total["visitors"], total["no_shows"]) == (2, 1, 3, 1)
        assert (total["no_show_rate"], total["rating"], total["guided"]) == (0.5, 5.0, 1)
        assert {each["group"]: each["figures"]["visited"] for each in figures["groups"]} == {"": 0, "zh": 1}
        too_long = await supervisor.get("/api/bookings/figures", params=period | {"until": "2040-01-01T00:00:00Z"})
        assert await kind_of(too_long) == "invalid"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.req("BKG-2")
async def test_a_confirmation_is_sent_through_the_sites_gateway_and_tried_again(house: House) -> None:
    """A real gateway: it refuses the first time."""
    taken: list[tuple[str, Item]] = []
    statuses = iter((500, 200))

    async def gateway(request: web.Request) -> web.Response:
        taken.append((request.path_qs, json.loads(await request.read())))
        return web.Response(status=next(statuses))

    app = web.Application()
    app.router.add_post("/sms/{number}", gateway)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    rules = Outbox(routes={"confirmation": (f"json://127.0.0.1:{server.port}/sms/{{recipient}}",)}, retry_s=60)
    site = house.site.model_copy(update={"outbox": rules})
    ticket = await house.call(agent="8001")
    async with house.logged_in("8001") as browser:
        (slot,) = [each for each in await slots(browser, day_after(house)) if each["starts"] == "14:00"]
        services = BookingDesk(site, house.store, house.clock, site.special_days)
        assert services.sends
        wish = BookingRequest(
            party=2, language=None, guide=None, contact_name="王芳", contact_number="13812345678", note=""
        )
        booked = await services.book("k", ticket, datetime.fromisoformat(slot["starts_at"]), wish, by="8001")
        assert await send_waiting(house.store, rules, None, house.clock) == 0
        path = f"/api/bookings/{booked.id}"
        waiting = (await told(await browser.get(path)))["confirmation"]["sent"]
        assert (waiting["state"], waiting["attempts"]) == ("waiting", 1)
        assert waiting["error"] == "not taken by json"
        assert await send_waiting(house.store, rules, None, house.clock) == 0
        house.clock.advance(timedelta(seconds=61))
        assert await send_waiting(house.store, rules, None, house.clock) == 1
        sent = (await told(await browser.get(path)))["confirmation"]["sent"]
        assert (sent["state"], sent["attempts"]) == ("sent", 2)
    await server.close()
    assert [where for where, _ in taken] == ["/sms/13812345678"] * 2
    assert "请携带有效身份证件" in taken[1][1]["message"]


@pytest.mark.req("BKG-5", "FUP-3")
async def test_an_appointment_is_agreed_in_time_and_whoever_goes_is_told(house: House) -> None:
    ticket = await house.call(agent="8001")
    at = house.clock() + timedelta(days=3, hours=1)
    new = {"ticket": ticket, "kind": "repair", "at": at.isoformat(), "person": "8002", "place": "文三路 1 号"}
    async with house.logged_in("8001") as browser:
        soon = new | {"at": (house.clock() + timedelta(days=1)).isoformat(), "agreed": True}
        refused = await browser.post("/api/appointments", json=soon)
        assert (refused.status, (await refused.json())["reason"]) == (409, "too_short_notice")
        await told(await browser.post("/api/appointments", json=soon | {"because": "家中漏水"}), 201)
        made = await told(await browser.post("/api/appointments", json=new), 201)
        assert made["state"] == "proposed"
        path = f"/api/appointments/{made['id']}"
        agreed = await told(await browser.post(f"{path}/steps", json={"step": "agree", "version": 1}))
        assert (agreed["state"], agreed["agreed_by"]) == ("agreed", "8001")
        assert agreed["days_before"] >= 3
        missed_early = await browser.post(f"{path}/steps", json={"step": "miss", "version": 2})
        assert (missed_early.status, (await missed_early.json())["reason"]) == (409, "too_early")
        listed = await told(await browser.get("/api/appointments", params={"person": "8002"}))
        assert len(listed["items"]) == 2 and listed["rules"]["agreed_days_before"] == 3
    services = BookingDesk(house.site, house.store, house.clock, house.site.special_days)
    assert await services.tell_of_appointments() == 0
    house.clock.advance(at - house.clock() - timedelta(hours=17))
    assert await services.tell_of_appointments() >= 1
    assert await services.tell_of_appointments() == 0, "once each"
    async with house.logged_in("8002") as goes:
        notes = (await told(await goes.get("/api/messages")))["items"]
        assert any("上门预约提醒" in note["text"] and "文三路 1 号" in note["text"] for note in notes)
        assert all(note["sender"] == "system" for note in notes)
        seen = await told(await goes.get(path))
        assert seen["contact_number"] == "13812345678", "whoever goes has to ring"
    house.clock.advance(timedelta(hours=17, minutes=20))
    await services.tell_of_appointments()
    async with house.logged_in("8002") as goes, house.logged_in("8801") as supervisor:
        warned = (await told(await supervisor.get("/api/messages")))["items"]
        assert any("仍未签到" in note["text"] for note in warned)
        late = await told(await goes.post(f"{path}/steps", json={"step": "arrive", "version": 2}))
        assert late["state"] == "late" and late["arrived_at"] is not None
        assert [each["step"] for each in late["history"]] == ["proposed", "agree", "come_late"]


@pytest.mark.req("BKG-5")
async def test_a_moved_appointment_is_agreed_again_and_a_stale_one_refused(house: House) -> None:
    ticket = await house.call(agent="8001")
    at = house.clock() + timedelta(days=5)
    async with house.logged_in("8001") as browser:
        new = {
            "ticket": ticket,
            "kind": "interview",
            "at": at.isoformat(),
            "person": "8002",
            "agreed": True,
            "key": "k",
        }
        made = await told(await browser.post("/api/appointments", json=new), 201)
        assert (await told(await browser.post("/api/appointments", json=new), 201))["id"] == made["id"]
        path = f"/api/appointments/{made['id']}"
        later = {"version": 1, "at": (at + timedelta(days=1)).isoformat(), "place": "解放路"}
        moved = await told(await browser.patch(path, json=later))
        assert (moved["state"], moved["agreed_at"], moved["place"]) == ("proposed", None, "解放路")
        stale = await browser.patch(path, json=later)
        assert await kind_of(stale) == "stale"
        for change, field in (({"person": "7777"}, "person"), ({"kind": "party"}, "kind")):
            refused = await browser.patch(path, json={"version": 2} | change)
            assert await kind_of(refused) == "invalid" and field in (await refused.json())["detail"]
        off = await told(await browser.post(f"{path}/steps", json={"step": "cancel", "version": 2}))
        assert off["state"] == "cancelled"
        again = await browser.post(f"{path}/steps", json={"step": "agree", "version": 3})
        assert await kind_of(again) == "illegal_transition"


@pytest.mark.req("BKG-1")
async def test_two_agents_at_once_get_one_last_place(house: House) -> None:
    async with desk(house) as (one, ticket, slot), house.logged_in("8002") as other:
        wish = {"ticket": ticket, "starts_at": slot["starts_at"]}
        await told(await one.post("/api/bookings", json=wish | {"party": 9}), 201)
        answers = await asyncio.gather(*(who.post("/api/bookings", json=wish | {"party": 1}) for who in (one, other)))
        assert sorted(answer.status for answer in answers) == [201, 409]
