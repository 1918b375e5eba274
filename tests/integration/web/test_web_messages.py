"""A message to an absent colleague through the API: at once on an open desk, at login, read once, its sender told."""

import pytest

from tests.integration.web.conftest import House, kind_of
from tests.integration.web.test_web_desk import desk

pytestmark = pytest.mark.req("TEL-7")


async def test_a_message_is_on_the_colleagues_desk_at_once_and_its_receipt_on_the_senders(house: House) -> None:
    ticket = await house.call(ani="13812345678", agent="8001")
    wish = {"recipient": "8002", "text": "请给王女士回电", "ticket": ticket, "key": "one"}
    async with house.logged_in("8001") as sender, house.logged_in("8002") as reader:
        async with desk(sender) as senders, desk(reader) as readers:
            async with sender.post("/api/messages", json=wish) as answer:
                assert answer.status == 201
                sent = await answer.json()
            assert (await readers.message("message"))["message"] == sent["id"]
            async with sender.post("/api/messages", json=wish) as answer:
                assert (await answer.json())["id"] == sent["id"], "the same key made two messages"
            async with reader.get("/api/messages", params={"unread": "true"}) as answer:
                (found,) = (await answer.json())["items"]
            assert found == sent
            assert (found["sender"], found["caller"], found["read_at"]) == ("8001", "13812345678", None)
            async with reader.post(f"/api/messages/{sent['id']}/read", json={}) as answer:
                read_at = (await answer.json())["read_at"]
            assert read_at is not None
            receipt = await senders.message("message")
            assert (receipt["message"], receipt["read_at"]) == (sent["id"], read_at)
        async with reader.post(f"/api/messages/{sent['id']}/read", json={}) as answer:
            assert (await answer.json())["read_at"] == read_at, "the first time counts"
        async with sender.get("/api/messages", params={"box": "sent"}) as answer:
            assert [each["read_at"] for each in (await answer.json())["items"]] == [read_at]
        async with sender.get(f"/api/tickets/{ticket}") as answer:
            line = [each for each in (await answer.json())["timeline"] if each["source"] == "message"]
        assert [(each["action"], each["by"]) for each in line] == [("sent", "8001"), ("read", "8002")]


async def test_only_the_recipient_reads_and_a_hidden_number_does_not_travel(house: House) -> None:
    ticket = await house.call(ani="13812345678", agent="8002")
    async with house.logged_in("8001") as sender, house.logged_in("8003") as stranger:
        wish = {"recipient": "8002", "text": "请看此工单", "ticket": ticket}
        async with sender.post("/api/messages", json=wish) as answer:
            sent = await answer.json()
        assert sent["caller"] == "", "a number that the sender sees masked was passed on"
        for person in (sender, stranger):
            async with person.post(f"/api/messages/{sent['id']}/read", json={}) as answer:
                assert (answer.status, await kind_of(answer)) == (403, "forbidden")
        async with stranger.get("/api/messages") as answer:
            assert (await answer.json())["items"] == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"recipient": "8999", "text": "x"}, "recipient"),
        ({"recipient": "8001", "text": "x"}, "recipient"),
        ({"recipient": "8002", "text": "  "}, "text"),
        ({"recipient": "8002", "text": "x", "ticket": "20261122-9999"}, "ticket"),
    ],
)
async def test_what_cannot_be_passed_on_is_named(house: House, wish: dict[str, str], field: str) -> None:
    async with house.logged_in("8001") as sender, sender.post("/api/messages", json=wish) as answer:
        assert (answer.status, await kind_of(answer)) == (400, "invalid")
        assert (await answer.json())["errors"][0]["field"] == field
