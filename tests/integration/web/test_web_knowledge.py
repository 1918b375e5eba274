"""Knowledge cards over the API: found on a ticket, written by agents, approved by supervisors, openings counted."""

import pytest

from tests.integration.web.conftest import House
from tests.integration.web.test_web_quality import asked, items, kind_of_status

pytestmark = pytest.mark.req("CPL-10")


async def test_a_card_is_found_by_kind_by_category_and_by_two_characters(house: House) -> None:
    await house.store.knowledge.ship(house.site.knowledge.cards)
    async with house.logged_in("8001") as agent:
        titles = lambda found: [each["title"] for each in found]  # noqa: E731
        assert titles(await items(agent, "/api/knowledge?kind=complaint")) == ["商品退换货规则"]
        assert titles(await items(agent, "/api/knowledge?kind=complaint&category=visiting"))[0] == "参观须知"
        assert titles(await items(agent, "/api/knowledge?q=七天")) == ["商品退换货规则"]
        assert titles(await items(agent, "/api/knowledge?q=证件 团队")) == ["参观须知"]
        assert await items(agent, "/api/knowledge?q=停车") == []
        assert titles(await items(agent, "/api/knowledge/choices")) == ["参观与票务"]
        (card, *_) = await items(agent, "/api/knowledge?q=七天")
        for _ in range(2):
            opened = await asked(agent, "POST", f"/api/knowledge/{card['id']}/open", {"ticket": "20261122-0001"})
        assert (opened["opened"], opened["standing"], opened["approved_by"]) == (2, "current", "system")
        await asked(agent, "GET", "/api/knowledge?kind=poem", status=400)
        await asked(agent, "GET", "/api/knowledge/99", status=404)


async def test_what_an_agent_writes_holds_once_a_supervisor_has_approved_it(house: House) -> None:
    text = {"title": "停车", "text": "地下两层\n- 两小时免费", "keywords": ["车位"], "kinds": ["consultation"]}
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        card = await asked(agent, "POST", "/api/knowledge", text | {"key": "one"}, status=201)
        assert await asked(agent, "POST", "/api/knowledge", text | {"key": "one"}, status=201) == card
        assert (card["standing"], card["version"]) == ("draft", 1)
        assert await items(agent, "/api/knowledge?q=停车") == []
        path = f"/api/knowledge/{card['id']}"
        await asked(agent, "POST", f"{path}/versions/1/approve", {}, status=403)
        await asked(supervisor, "POST", f"{path}/versions/1/approve", {})
        assert len(await items(agent, "/api/knowledge?q=车位")) == 1
        second = text | {"version": 1, "text": "地下三层", "valid_until": "2020-01-01"}
        revised = await asked(agent, "POST", f"{path}/versions", second, status=201)
        assert (revised["text"], revised["newest"]) == ("地下两层\n- 两小时免费", 2), "the approved one holds"
        assert await kind_of_status(agent, f"{path}/versions", second) == (409, "stale")
        assert [each["standing"] for each in await items(agent, "/api/knowledge?all=true")] == ["draft"]
        await asked(supervisor, "POST", f"{path}/versions/2/approve", {})
        assert await kind_of_status(supervisor, f"{path}/versions/2/approve", {}) == (409, "illegal_transition")
        (over,) = await items(agent, "/api/knowledge?all=true")
        assert over["standing"] == "over" and await items(agent, "/api/knowledge") == []
        full = await asked(agent, "GET", path)
        assert [(each["version"], each["approved_by"]) for each in full["versions"]] == [(2, "8801"), (1, "8801")]  # type: ignore[attr-defined]
        for wrong, field in (
            ({"title": " "}, "title"),
            ({"categories": ["kitchen"]}, "categories"),
            ({"valid_from": "2026-02-02", "valid_until": "2026-02-01"}, "valid_until"),
        ):
            refused = await asked(agent, "POST", "/api/knowledge", text | wrong, status=400)
            assert refused["errors"][0]["field"] == field  # type: ignore[index]
