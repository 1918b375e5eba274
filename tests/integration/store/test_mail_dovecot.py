"""A mailbox of a real Dovecot becomes tickets: folders with Chinese names, one of them missing. TKT-1"""

import asyncio
from pathlib import Path

import pytest

from crm.db.store import Store
from crm.journal.journal import Journal
from tests.fakes.imap_server import ImapServer
from tests.integration.store.dovecot import deliver, dovecot, lies_in
from tests.integration.store.projecting import projecting
from tests.integration.store.test_mail_room import Desk, letter

INQUIRIES, DONE = "&VKiL4g-", "&XfJZBHQG-"
"""咨询 and 已处理, as the server knows them."""


@pytest.mark.req("TKT-1")
async def test_a_real_mailbox_is_read_and_moved_into_folders_of_chinese_names(
    store: Store, journal: Journal, tmp_path: Path
) -> None:
    async with dovecot() as port, projecting(journal, store) as projector:
        bounce = letter("<3@x>", "bounce", "Auto-Submitted: auto-replied")
        await asyncio.to_thread(deliver, port, INQUIRIES, letter(), letter("<2@x>", "second"), bounce)
        server = ImapServer()
        server.port = port
        desk = Desk(server, store, journal, projector, tmp_path, folder="咨询", moved_to="已处理")
        assert await asyncio.to_thread(lies_in, port, DONE) == -1
        assert await desk.poll() == 2, desk.room.status()
        assert await desk.subjects() == ["complaint", "second"]
        assert [mail.why for mail in await store.aside.list("kept")] == ["machine: Auto-Submitted"]
        assert await asyncio.to_thread(lies_in, port, DONE) == 3
        assert await asyncio.to_thread(lies_in, port, INQUIRIES) == 0
        assert await desk.poll() == 0 and desk.room.status()["up"] is True
