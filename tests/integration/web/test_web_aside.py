"""Mails that could not be read, by the API: listed, fetched, made a ticket of, put away; on record. TKT-1, CUS-4"""

import pytest

from app.channels.raw_mails import RawMails
from tests.integration.web.conftest import House, kind_of

RAW = b"From: <a \xff\x00 poison"


async def set_aside(house: House, place: str) -> str:
    """A mail that two tries came to nothing with; its id."""
    await house.store.aside.begin(place)
    file = RawMails(house.data.raw_mails).keep(RAW)
    await house.store.aside.note(place, "time: killed")
    await house.store.aside.keep(place, file=file, size=len(RAW))
    return str((await house.store.aside.list("kept"))[0].id)


@pytest.mark.req("TKT-1", "CUS-4")
async def test_a_mail_that_could_not_be_read_becomes_a_ticket_by_hand_once(house: House) -> None:
    mail = await set_aside(house, "box:1:1")
    async with house.logged_in("8801") as person:
        async with person.get("/api/aside-mails") as answer:
            (listed,) = (await answer.json())["items"]
        assert (listed["id"], listed["why"], listed["available"]) == (mail, "time: killed", True)
        async with person.get(f"/api/aside-mails/{mail}/raw") as answer:
            assert await answer.read() == RAW
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        async with person.post(f"/api/aside-mails/{mail}/ticket", json={"matter": ""}) as answer:
            assert (answer.status, await kind_of(answer)) == (400, "invalid")
        wish = {"matter": "看不清的来信", "email": "wang@example.cn"}
        async with person.post(f"/api/aside-mails/{mail}/ticket", json=wish) as answer:
            assert answer.status == 201
            number = (await answer.json())["ticket"]
        await house.projector.caught_up()
        ticket = await house.store.tickets.get(number)
        assert ticket is not None and (ticket.channel, ticket.matter) == ("email", "看不清的来信")
        async with person.post(f"/api/aside-mails/{mail}/ticket", json=wish) as answer:
            assert answer.status == 409
        async with person.get("/api/aside-mails") as answer:
            assert (await answer.json())["items"] == []
    acts = [(row.action, row.by) for row in (await house.store.audit.list()).items if row.subject == f"mail {mail}"]
    assert acts == [("registered", "8801"), ("opened", "8801")]


@pytest.mark.req("TKT-1")
async def test_a_mail_is_put_away_with_a_reason_and_its_bytes_stay_for_a_while(house: House) -> None:
    mail = await set_aside(house, "box:1:2")
    async with house.logged_in("8801") as person:
        async with person.post(f"/api/aside-mails/{mail}/dismissal", json={"note": " "}) as answer:
            assert answer.status == 400
        async with person.post(f"/api/aside-mails/{mail}/dismissal", json={"note": "广告"}) as answer:
            assert answer.status == 200
        async with person.post(f"/api/aside-mails/{mail}/dismissal", json={"note": "again"}) as answer:
            assert answer.status == 409
        async with person.get(f"/api/aside-mails/{mail}/raw") as answer:
            assert answer.status == 200
        async with person.get("/api/aside-mails/99/raw") as answer:
            assert answer.status == 404


@pytest.mark.req("CUS-4")
async def test_agents_see_no_mails_that_nobody_has_sorted(house: House) -> None:
    mail = await set_aside(house, "box:1:3")
    async with house.logged_in("8001") as agent:
        for path in ("/api/aside-mails", f"/api/aside-mails/{mail}/raw"):
            async with agent.get(path) as answer:
                assert answer.status == 403
