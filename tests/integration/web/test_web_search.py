"""Search through the API: hits are marked, numbers masked, restricted tickets the supervisors'. TKT-7, CUS-4."""

import pytest
from sqlalchemy import update

from config.ids import AgentId
from crm.db.schema.core import ticket
from crm.tickets.model import TicketForm
from tests.integration.web.conftest import House, kind_of

pytestmark = pytest.mark.req("TKT-7")


async def written(house: House, matter: str, agent: str = "8001") -> str:
    number = await house.call(ani="13812345678", agent=agent)
    row = await house.store.tickets.get(number)
    assert row is not None
    await house.store.tickets.save_form(number, TicketForm(matter=matter), by=AgentId(agent), version=row.version)
    return number


async def test_hits_come_newest_first_with_the_place_marked(house: House) -> None:
    older, newer = await written(house, "来电投诉讲解员"), await written(house, "投诉停车费")
    await written(house, "咨询票价")
    async with house.logged_in("8001") as agent:
        async with agent.get("/api/search", params={"q": "投诉", "limit": "1"}) as answer:
            first = await answer.json()
        async with agent.get("/api/search", params={"q": "投诉", "after": first["next"]}) as answer:
            second = await answer.json()
    assert [each["ticket"]["number"] for each in (*first["items"], *second["items"])] == [newer, older]
    assert second["next"] is None
    assert second["items"][0]["snippet"] == [
        {"text": "来电", "hit": False},
        {"text": "投诉", "hit": True},
        {"text": "讲解员", "hit": False},
    ]


@pytest.mark.req("CUS-4")
async def test_a_number_in_a_colleagues_text_is_masked_also_where_the_hit_cuts_it(house: House) -> None:
    await written(house, "请回电 138 1234 5678 王女士", agent="8002")
    async with house.logged_in("8001") as stranger, house.logged_in("8002") as own:
        for person, shown in ((stranger, "请回电 138********** 王女士"), (own, "请回电 138 1234 5678 王女士")):
            async with person.get("/api/search", params={"q": "13812345678"}) as answer:
                (found,) = (await answer.json())["items"]
            assert "".join(each["text"] for each in found["snippet"]) == shown
            assert [each["hit"] for each in found["snippet"]] == [False, True, False]
            assert found["ticket"]["ani_masked"] is (person is stranger)


async def test_restricted_tickets_are_found_by_the_supervisors_of_their_level_alone(house: House) -> None:
    number = await written(house, "举报信")
    async with house.store.database.write() as connection:
        await connection.execute(update(ticket).where(ticket.c.number == number).values(restricted=True, level="hall"))
    for person, hits in (("8001", 0), ("8801", 1), ("8901", 1)):
        async with house.logged_in(person) as reader, reader.get("/api/search", params={"q": "举报"}) as answer:
            assert len((await answer.json())["items"]) == hits, person


@pytest.mark.parametrize(
    "query", [{"q": ""}, {"q": "-投诉"}, {"q": "!"}, {"q": "投诉", "after": "x"}, {"q": "投" * 201}, {}]
)
async def test_what_cannot_be_looked_for_is_named(house: House, query: dict[str, str]) -> None:
    async with house.logged_in("8001") as agent, agent.get("/api/search", params=query) as answer:
        assert (answer.status, await kind_of(answer)) == (400, "invalid")
