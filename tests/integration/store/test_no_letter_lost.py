"""Whatever bytes come as letters, each ends as a ticket, a letter on one, or on the list of mails set aside. TKT-1"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.channels.mailbox import MOST_A_POLL
from crm.db.store import Store
from crm.journal.journal import Journal
from crm.parsing.mail import read_mail
from tests.fakes.imap_server import ImapServer
from tests.integration.store.projecting import projecting
from tests.integration.store.test_mail_room import Desk
from tests.world.corpus import CORPUS

OWN = frozenset({"kefu@example.cn"})
SMALL = 20_000
LETTERS = [raw for path in sorted((CORPUS / "mail").rglob("*.eml")) if len(raw := path.read_bytes()) < SMALL]


def letter_of(chance: random.Random) -> bytes:
    """A letter of the corpus as it is, with bytes changed, cut, joined to another, or bytes that are none."""
    raw = bytearray(chance.choice(LETTERS))
    match chance.randrange(5):
        case 0:
            for _ in range(chance.randrange(1, 12)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
        case 1:
            del raw[chance.randrange(len(raw)) :]
        case 2:
            raw[chance.randrange(len(raw)) :] = chance.choice(LETTERS)
        case 3:
            raw = bytearray(chance.randbytes(chance.randrange(1, 300)))
    return bytes(raw) or b"x"


@pytest.mark.req("TKT-1", "OPS-7")
async def test_no_letter_is_lost_and_none_is_taken_twice(
    store: Store, journal: Journal, tmp_path: Path, times: Callable[[int], int]
) -> None:
    chance = random.Random(12)
    server = ImapServer()
    await server.start()
    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path)
        mails = [server.put(letter_of(chance)) for _ in range(times(200))]
        server.refuses_fetch = {mail.uid for mail in mails if chance.random() < 0.05}
        taken = 0
        for _ in range(len(mails) // MOST_A_POLL + 1):
            taken += await desk.poll()
        keys = await where_each_is(desk)
        assert taken == len(keys)
        await desk.store.intake.remember_mailbox("kefu@example.cn@127.0.0.1/INBOX", server.uid_validity, 0)
        for mail in mails:
            mail.folder, mail.flags = "INBOX", set()
        assert await desk.poll() == 0, "found again, each is known"
        assert await where_each_is(desk) == keys
    await server.stop()


async def where_each_is(desk: Desk) -> set[str]:
    """The keys that are tickets or letters; every mail that is none of these is on the list, once."""
    await desk.projector.caught_up()
    aside = {row.place: row for row in await desk.store.aside.list("kept")}
    keys = set[str]()
    for mail in desk.server.mails:
        place = f"kefu@example.cn@127.0.0.1/INBOX:{desk.server.uid_validity}:{mail.uid}"
        if place in aside:
            continue
        key = read_mail(mail.raw, place, OWN).key
        assert await desk.store.intake.ticket_of_key(key) is not None, f"lost: {mail.raw[:200]!r}"
        keys.add(key)
    return keys
