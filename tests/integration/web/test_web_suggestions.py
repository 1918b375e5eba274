"""Suggestions over the API: registered on a ticket, passed on, decided by the department, told. SUG-1."""

import pytest

from tests.integration.web.conftest import House
from tests.integration.web.test_web_desk import desk
from tests.integration.web.test_web_quality import asked, items, kind_of_status

pytestmark = pytest.mark.req("SUG-1")


async def suggestion(house: House) -> str:
    ticket = await house.call(ani="13812345678", agent="8001")
    async with house.logged_in("8001") as agent:
        change = {"version": 1, "kind": "suggestion", "matter": "展厅增设座椅", "contact_name": "王芳"}
        await asked(agent, "PATCH", f"/api/tickets/{ticket}", change)
    return ticket


async def test_a_suggestion_goes_to_its_department_and_its_answer_to_who_made_it(house: House) -> None:
    ticket = await suggestion(house)
    path = f"/api/tickets/{ticket}/suggestion"
    async with (
        house.logged_in("8001") as agent,
        house.logged_in("8002") as head,
        house.logged_in("8801") as supervisor,
        house.logged_in("8003") as member,
    ):
        await asked(agent, "GET", path, status=404)
        await asked(member, "POST", path, {"nature": "facility"}, status=403)
        made = await asked(agent, "POST", path, {"nature": "facility"}, status=201)
        assert (made["proposer"], made["contact"], made["summary"]) == ("王芳", "13812345678", "展厅增设座椅")
        assert made["may_decide"] is False and made["may_pass"] is True
        await asked(head, "GET", path, status=403)
        async with desk(head) as desk_of_head:
            wish = {"version": 1, "department": "reception", "words": "请尽快"}
            passed = await asked(agent, "POST", f"{path}/pass", wish)
            assert (await desk_of_head.message("message"))["recipient"] == "8002"
        assert (passed["state"], passed["department"], passed["late"]) == ("passed", "reception", False)
        (seen,) = await items(head, "/api/suggestions")
        assert (seen["contact"], seen["contact_masked"]) == ("138****5678", True)
        verdict = {"version": 2, "adopted": True, "reason": "老人多，可联系 13812345678", "result": "已添 20 把"}
        await asked(agent, "POST", f"{path}/decide", verdict, status=403)
        refused = await asked(member, "POST", f"{path}/decide", verdict | {"result": " "}, status=400)
        assert refused["errors"][0]["field"] == "result"  # type: ignore[index]
        decided = await asked(head, "POST", f"{path}/decide", verdict)
        assert decided["reason"] == "老人多，可联系 138****5678", "the head does not see numbers"
        assert (decided["state"], decided["adopted"], decided["call_state"]) == ("adopted", True, "scheduled")
        (call,) = await items(supervisor, f"/api/due-calls?ticket={ticket}")
        assert call["id"] == decided["due_call"] and "已采纳。原因：老人多" in str(call["note"])
        assert await kind_of_status(agent, f"{path}/tell", {"version": 3}) == (409, "illegal_transition")
        told = await asked(agent, "POST", f"{path}/tell", {"version": 3, "words": "已当面答复"})
        assert [step["step"] for step in told["steps"]] == ["register", "pass", "adopt", "told"]  # type: ignore[attr-defined]
        whole = await asked(agent, "GET", f"/api/tickets/{ticket}")
        steps = [(each["action"], each["by"]) for each in whole["timeline"] if each["source"] == "suggestion"]  # type: ignore[attr-defined]
        assert steps == [("register", "8001"), ("pass", "8001"), ("adopt", "8002"), ("told", "8001")]
        assert await items(supervisor, "/api/suggestions?state=told&department=reception") != []
        assert await items(supervisor, "/api/suggestions?late=true") == []
        await asked(agent, "GET", "/api/suggestions?department=reception", status=403)


async def test_what_does_not_fit_is_refused_and_says_why(house: House) -> None:
    ticket = await suggestion(house)
    path = f"/api/tickets/{ticket}/suggestion"
    other = await house.call(agent="8001")
    async with house.logged_in("8001") as agent:
        for wrong, field in (
            ({"nature": "poem"}, "nature"),
            ({"nature": "other", "contact": "138****5678"}, "contact"),
            ({"nature": "other", "summary": " "}, "summary"),
        ):
            refused = await asked(agent, "POST", path, wrong, status=400)
            assert refused["errors"][0]["field"] == field  # type: ignore[index]
        not_one = f"/api/tickets/{other}/suggestion"
        assert await kind_of_status(agent, not_one, {"nature": "other", "summary": "x"}) == (409, "illegal_transition")
        await asked(agent, "POST", path, {"nature": "other"}, status=201)
        assert await kind_of_status(agent, path, {"nature": "other"}) == (409, "illegal_transition")
        refused = await asked(agent, "POST", f"{path}/pass", {"version": 1, "department": "kitchen"}, status=400)
        assert refused["errors"][0]["field"] == "department"  # type: ignore[index]
        choices = await asked(agent, "GET", "/api/suggestions/choices")
        assert [each["id"] for each in choices["departments"]] == ["reception", "facilities", "leadership"]  # type: ignore[attr-defined]
