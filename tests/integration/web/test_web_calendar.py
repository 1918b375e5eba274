"""The calendar through the API: an administrator enters a notice, everybody's clocks know it. CPL-3."""

from datetime import date

import pytest

from tests.integration.web.conftest import House, kind_of

pytestmark = pytest.mark.req("CPL-3")

NOTICE = "1-1..1-3 holiday\n2-5..2-11 放假\n2-20 make_up\n5-1..5-5 holiday\n10-1..10-7 holiday"


async def test_a_notice_is_entered_and_counts_for_the_site(house: House) -> None:
    async with house.logged_in("8901") as administrator:
        async with administrator.get("/api/calendar", params={"year": "2027"}) as answer:
            before = await answer.json()
        assert (before["known"], len(before["days"]), before["days"][0]["source"]) == (False, 365, "fallback")
        async with administrator.post("/api/calendar/preview/2027", json={"text": NOTICE}) as answer:
            preview = await answer.json()
        changed = {each["day"]: (each["before"], each["after"]) for each in preview["changed"]}
        assert (preview["days"][50]["kind"], changed["2027-02-20"]) == ("make_up", ("weekend", "make_up"))
        assert house.services.calendar.days == {}, "a preview enters nothing"
        async with administrator.post("/api/calendar/2027", json={"text": NOTICE}) as answer:
            after = await answer.json()
        assert answer.status == 200 and after["known"] is True
        assert after["days"][50] == {
            "day": "2027-02-20",
            "kind": "make_up",
            "source": "notice",
            "festival": None,
            "festival_en": None,
        }
        assert after["days"][36]["festival"] == "春节"
        assert house.services.calendar.days[date(2027, 2, 20)] == "make_up"
        assert house.site.special_days == {}, "the site stays as it was loaded"
        async with administrator.post("/api/calendar/days/2027-02-20", json={"kind": "holiday"}) as answer:
            day = (await answer.json())["days"][50]
        assert (day["kind"], day["source"]) == ("holiday", "site")
        async with administrator.post("/api/calendar/days/2027-02-20", json={"kind": None}) as answer:
            assert (await answer.json())["days"][50]["kind"] == "make_up"


async def test_what_is_wrong_in_a_notice_is_told_line_by_line(house: House) -> None:
    async with house.logged_in("8901") as administrator:
        text = "2027-02-22 make_up\nsoon holiday"
        async with administrator.post("/api/calendar/2027", json={"text": text}) as answer:
            assert (answer.status, await kind_of(answer)) == (400, "invalid")
            faults = (await answer.json())["errors"]
        assert [fault["message_zh"].split("：")[0] for fault in faults] == ["第 1 行", "第 2 行"]
        assert [fault["message"].split(":")[0] for fault in faults] == ["line 1", "line 2"]
        for path, body in (("1999", {"text": NOTICE}), ("days/2027-02-30", {"kind": "holiday"})):
            async with administrator.post(f"/api/calendar/{path}", json=body) as answer:
                assert (answer.status, await kind_of(answer)) == (400, "invalid")
    assert house.services.calendar.days == {}


async def test_supervisors_look_and_do_not_enter(house: House) -> None:
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/calendar") as answer:
            assert answer.status == 200
        async with supervisor.post("/api/calendar/2027", json={"text": NOTICE}) as answer:
            assert answer.status == 403
