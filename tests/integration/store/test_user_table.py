"""Passwords, back-off and sessions (argon2id; 30 min idle, 12 h in all)."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.db.schema.core import user_account, user_session
from crm.db.store import Store
from crm.errors import AccountLocked, UnknownRecord
from crm.users.model import User
from tests.integration.store.hand_clock import HandClock


@dataclass(frozen=True)
class Person:
    id: str
    name: str = "王芳"
    name_en: str = "Wang Fang"
    role: str = "agent"


PASSWORDS = {"8001": "correct horse", "8801": "battery staple"}
WANG = User(name="8001", display_name="王芳", display_name_en="Wang Fang", role="agent")


@pytest.fixture(autouse=True)
async def two_users(store: Store) -> None:
    await store.users.sync_from_site([Person("8001"), Person("8801", role="supervisor"), Person("8002")], PASSWORDS)


async def test_the_right_password_and_no_other(store: Store) -> None:
    assert await store.users.verify("8001", "correct horse") == WANG
    assert await store.users.verify("8001", "Correct horse") is None
    assert await store.users.verify("8002", "") is None
    assert await store.users.verify("nobody", "correct horse") is None
    async with store.database.read() as connection:
        hashes = (await connection.execute(select(user_account.c.password_hash))).scalars().all()
    assert all(each is None or each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in hashes)


async def test_a_site_read_again_keeps_passwords_and_shuts_out_who_has_left(store: Store, clock: HandClock) -> None:
    token = await store.users.sessions.create(WANG, clock.now)
    await store.users.sync_from_site([Person("8001", name="王小芳")], {"8001": "another"})
    user = await store.users.verify("8001", "correct horse")
    assert user is not None
    assert user.display_name == "王小芳"
    assert await store.users.verify("8801", "battery staple") is None
    await store.users.sync_from_site([Person("8801")], {})
    assert await store.users.sessions.lookup(token, clock.now) is None
    assert await store.users.get("8001") is None
    assert await store.users.verify("8801", "battery staple") is not None


async def test_wrong_passwords_lock_the_account_longer_and_longer(store: Store, clock: HandClock) -> None:
    for _ in range(6):
        assert await store.users.verify("8001", "guess") is None
    with pytest.raises(AccountLocked) as caught:
        await store.users.verify("8001", "correct horse")
    assert caught.value.until == clock.now + timedelta(seconds=1)
    clock.forward(seconds=1)
    assert await store.users.verify("8001", "guess") is None
    clock.forward(seconds=1)
    with pytest.raises(AccountLocked):
        await store.users.verify("8001", "correct horse")
    clock.forward(seconds=1)
    assert await store.users.verify("8001", "correct horse") == WANG
    assert await store.users.verify("8001", "guess") is None
    assert await store.users.verify("8001", "correct horse") == WANG


async def test_a_new_password_ends_the_sessions_and_the_lock(store: Store, clock: HandClock) -> None:
    token = await store.users.sessions.create(WANG, clock.now)
    for _ in range(6):
        await store.users.verify("8001", "guess")
    await store.users.set_password("8001", "new one")
    assert await store.users.sessions.lookup(token, clock.now) is None
    assert await store.users.verify("8001", "new one") == WANG
    with pytest.raises(UnknownRecord):
        await store.users.set_password("nobody", "x")


async def test_a_session_lives_while_it_is_used_and_twelve_hours_at_most(store: Store, clock: HandClock) -> None:
    sessions = store.users.sessions
    token = await sessions.create(WANG, clock.now)
    for _ in range(35):
        assert await sessions.lookup(token, clock.forward(minutes=20)) == WANG
    assert await sessions.lookup(token, clock.forward(minutes=20)) is None
    idle = await sessions.create(WANG, clock.now)
    assert await sessions.lookup(idle, clock.forward(minutes=29)) == WANG
    assert await sessions.lookup(idle, clock.forward(minutes=30)) is None


async def test_a_revoked_or_invented_token_is_nobody_and_the_store_knows_no_token(
    store: Store, clock: HandClock
) -> None:
    sessions = store.users.sessions
    token, other = await sessions.create(WANG, clock.now), await sessions.create(WANG, clock.now)
    async with store.database.read() as connection:
        kept = (await connection.execute(select(user_session.c.token_hash))).scalars().all()
    assert token not in kept
    await sessions.revoke(token)
    await sessions.revoke(token)
    assert await sessions.lookup(token, clock.now) is None
    assert await sessions.lookup("invented", clock.now) is None
    assert await sessions.lookup(other, clock.now) == WANG
