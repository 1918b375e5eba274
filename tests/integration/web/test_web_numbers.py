"""No way round a mask: not digit by digit, not by a guess, not by a link that one has planted oneself. CUS-4, ACC-6."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from crm.db.schema.audit import audit
from crm.seen.rights import MOST_SEARCHES
from tests.integration.web.conftest import House
from tests.integration.web.test_web_customers import given, made

pytestmark = pytest.mark.req("CUS-4", "ACC-6")

VICTIM = "13912345678"
PARTS = ("139", "1391", "1234", "5678", "12345678", "9123456", "1391234567", "139 1234", "1234 5678")


async def foreign(house: House) -> tuple[str, str]:
    """A colleague's ticket and the card of who rang, with the number written in words too. Their numbers."""
    ticket = await house.call(ani=VICTIM, agent="8002")
    async with house.logged_in("8002") as colleague, house.logged_in("8801") as supervisor:
        words = f"请回电 {VICTIM[:3]} {VICTIM[3:7]} {VICTIM[7:]}"
        assert (await given(colleague, "PATCH", f"/api/tickets/{ticket}", version=1, matter=words))[0] == 200
        card = await made(supervisor, name="王芳", numbers=[VICTIM])
    return ticket, card["id"]


async def test_a_part_of_a_number_finds_nothing_and_a_whole_one_is_on_record(house: House) -> None:
    ticket, card = await foreign(house)
    async with house.logged_in("8001") as agent:
        for part in (quote(part) for part in PARTS):
            for path in (f"/api/customers?q={part}", f"/api/search?q={part}", f"/api/tickets?ani={part}"):
                status, found = await given(agent, "GET", path)
                assert (status, found["items"], found["next"]) == (200, [], None), path
        status, found = await given(agent, "GET", f"/api/customers?q={quote('+86 139 1234 5678')}")
        assert [each["id"] for each in found["items"]] == [card]
        status, found = await given(agent, "GET", f"/api/search?q={VICTIM}")
        assert [each["ticket"]["number"] for each in found["items"]] == [ticket]
        assert VICTIM not in str(found)
    async with house.store.database.read() as connection:
        rows = await connection.execute(select(audit.c.by, audit.c.details).where(audit.c.action == "number_searched"))
        told = list(rows.all())
    assert ("8001", '{"number":"139****5678"}') in {tuple(row) for row in told}


async def test_whoever_tries_number_after_number_is_stopped_whatever_answers(house: House) -> None:
    await foreign(house)
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        statuses = [
            (await given(agent, "GET", f"/api/tickets?ani=1391234{number:04}"))[0]
            for number in range(MOST_SEARCHES + 1)
        ]
        assert statuses == [200] * MOST_SEARCHES + [429]
        for path in (f"/api/customers?q={VICTIM}", f"/api/search?q={VICTIM}", f"/api/calls?caller={VICTIM}"):
            assert (await given(agent, "GET", path))[0] == 429, path
        assert (await given(supervisor, "GET", f"/api/customers?q={VICTIM}"))[0] == 200


async def test_a_guess_in_ones_own_words_does_not_open_anybody_elses_row(house: House) -> None:
    ticket, _ = await foreign(house)
    own = await house.call(ani="13500001111", agent="8001")
    async with house.logged_in("8001") as agent:
        guess = {"version": 1, "matter": f"13912340000 {VICTIM} 13912349999"}
        assert (await given(agent, "PATCH", f"/api/tickets/{own}", **guess))[0] == 200
        rows = {each["number"]: each for each in (await given(agent, "GET", "/api/tickets"))[1]["items"]}
    assert VICTIM in rows[own]["matter"]
    assert rows[ticket]["ani"] == "139****5678" and VICTIM not in str(rows[ticket])


async def test_a_link_that_somebody_has_planted_opens_nothing(house: House) -> None:
    """The own number on somebody's card; a ticket entered with a known number; a number moved; a booking on it."""
    _, card = await foreign(house)
    path = f"/api/customers/{card}"
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        second = "13700002222"
        numbers = {"version": 1, "numbers": [VICTIM, second]}
        assert (await given(supervisor, "PATCH", path, **numbers))[0] == 200
        planted = {"version": 2, "numbers": [VICTIM, second, "13300003333"]}
        assert (await given(agent, "PATCH", path, **planted))[0] == 403
        mine = await made(agent, name="我的卡片")
        moved = {"number": second, "version": mine["version"]}
        assert (await given(agent, "POST", f"/api/customers/{mine['id']}/numbers", **moved))[0] == 403
        letter = {"channel": "letter", "kind": "complaint", "matter": "来信", "contact_number": VICTIM}
        status, entered = await given(agent, "POST", "/api/intake", **letter)
        await house.projector.caught_up()
        wish = {"reason": "核对号码", "ticket": entered["ticket"]}
        assert (status, (await given(agent, "POST", f"{path}/reveal", **wish))[0]) == (201, 403)
        assert (await given(agent, "PATCH", path, version=2, notes="已改"))[0] == 403
        assert second not in str(await given(agent, "GET", path))


async def test_a_supervisor_has_the_flags_of_key_customers_and_of_no_calls(house: House) -> None:
    ticket = await house.call(ani=VICTIM, agent="8001")
    async with house.logged_in("8001") as agent, house.logged_in("8801") as supervisor:
        card = await made(supervisor, name="王芳", numbers=[VICTIM])
        path = f"/api/customers/{card['id']}"
        assert ticket in str(await given(agent, "GET", path))
        assert (await given(agent, "PATCH", path, version=1, key_customer=True))[0] == 403
        assert (await given(agent, "PATCH", path, version=1, do_not_call=True, employer="设计院"))[0] == 200
        assert (await given(agent, "PATCH", path, version=2, do_not_call=False))[0] == 403
        assert (await given(agent, "POST", "/api/customers", name="新", key_customer=True))[0] == 403
        assert (await given(supervisor, "PATCH", path, version=2, do_not_call=False, key_customer=True))[0] == 200
