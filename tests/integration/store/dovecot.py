"""A real Dovecot on 127.0.0.1 with one mailbox, for as long as a test lasts (Debian's dovecot-imapd)."""

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.integration.harness.running import free_port

PROGRAM: Final = Path("/usr/sbin/dovecot")
USER, PASSWORD = "kefu@example.cn", "secret"
READY_S: Final = 30.0
_CONF: Final = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/base
state_dir = {home}/base
log_path = {home}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@asynccontextmanager
async def dovecot() -> AsyncIterator[int]:
    """Its port, once it serves. It runs as whoever runs the tests, for root as nobody."""
    home, port = Path(tempfile.mkdtemp(prefix="dovecot-")), free_port(socket.SOCK_STREAM)
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(owner.pw_gid).gr_name
    conf = home / "dovecot.conf"
    conf.write_text(_CONF.format(home=home, user=owner.pw_name, group=group, port=port, password=PASSWORD))
    if root:
        os.chown(home, owner.pw_uid, owner.pw_gid)
        conf.chmod(0o644)
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *("-F", "-c", str(conf)),
        user=owner.pw_uid if root else None,
        group=owner.pw_gid if root else None,
        extra_groups=() if root else None,
    )
    try:
        async with asyncio.timeout(READY_S):
            while not await asyncio.to_thread(_serves, port):
                assert process.returncode is None, (home / "log").read_text()
                await asyncio.sleep(0.05)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _serves(port: int) -> bool:
    try:
        imaplib.IMAP4("127.0.0.1", port, timeout=5).logout()
    except OSError:
        return False
    return True


def deliver(port: int, folder: str, *mails: bytes) -> None:
    """Blocking: for a thread."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=15) as client:
        client.login(USER, PASSWORD)
        client.create(folder)
        for raw in mails:
            assert client.append(folder, "", "", raw)[0] == "OK"


def lies_in(port: int, folder: str) -> int:
    """How many mails a folder has (blocking); -1: there is none of this name."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=15) as client:
        client.login(USER, PASSWORD)
        status, found = client.select(folder, readonly=True)
        return int(found[0] or 0) if status == "OK" else -1
