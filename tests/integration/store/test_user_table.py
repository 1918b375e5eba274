"""People's accounts in both stores: one-time passwords, logins, locks, leaving, sessions. ACC-1, ACC-2."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from config.schema import Role
from crm.db.schema.users import user_account, user_device, user_session
from crm.db.store import Store
from crm.db.users.devices import MOST_DEVICES
from crm.db.users.sessions import session_id
from crm.errors import BadPassword, BadValue, NotLikeThis, UnknownRecord, WrongPassword
from crm.rights import Principal
from crm.use_cases.accounts.logins import Login, log_in
from crm.use_cases.accounts.passwords import change_password, confirm_password
from crm.use_cases.accounts.people import (
    NewPerson,
    add_person,
    end_sessions,
    enrol_site,
    lock,
    reset_password,
    retire,
    unlock,
)
from crm.users.model import MOST_SESSIONS, ONE_TIME_LASTS, Place, User
from tests.fakes.logins import let_people_log_in, password_of
from tests.integration.store.hand_clock import HandClock


@dataclass(frozen=True)
class Person:
    id: str
    name: str = "王芳"
    name_en: str = "Wang Fang"
    role: Role = "agent"


STAFF = (Person("8001"), Person("8801", role="supervisor"), Person("8901", role="administrator"))
WANG = User(name="8001", display_name="王芳", display_name_en="Wang Fang", role="agent")
CHEF = Principal(name="8901", agent=None, role="administrator")
WANG_HERSELF = Principal(name="8001", agent="8001", role="agent")
CHOSEN = "teapot glacier violin"
HERE = Place(address="192.0.2.1", browser="Firefox")


@pytest.fixture(autouse=True)
async def staff(store: Store) -> None:
    await let_people_log_in(store, STAFF)


async def enters(store: Store, name: str, password: str | None = None, device: str | None = None) -> Login | None:
    return await log_in(store, name, password or password_of(name), HERE, device=device)


async def whose(store: Store, token: str, now: datetime) -> User | None:
    """Whose session it is, whenever the password was shown."""
    user = await store.users.sessions.lookup(token, now)
    return None if user is None else msgspec.structs.replace(user, shown_at=None)


async def acts(store: Store, name: str) -> list[str]:
    return [each.row.action for each in await store.audit.about(f"user {name}")]


@pytest.mark.req("ACC-1")
async def test_the_right_password_and_no_other(store: Store) -> None:
    entered = await enters(store, "8001")
    assert entered is not None and entered.user == WANG
    for name, password in (("8001", "x"), ("8001", password_of("8801")), ("nobody", password_of("8001")), ("8001", "")):
        assert await log_in(store, name, password, HERE, device=None) is None
    async with store.database.read() as connection:
        hashes = (await connection.execute(select(user_account.c.password_hash))).scalars().all()
    assert len(set(hashes)) == 3
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in hashes)


@pytest.mark.req("ACC-1")
async def test_everybody_has_a_one_time_password_of_their_own_which_opens_nothing_but_the_choice_of_another(
    store: Store, clock: HandClock
) -> None:
    first = await enrol_site(store, [*STAFF, Person("8002"), Person("8003")])
    assert [each.name for each in first] == ["8002", "8003"] and first[0].password != first[1].password
    assert await enrol_site(store, [*STAFF, Person("8002"), Person("8003")]) == ()
    entered = await enters(store, "8002", first[0].password)
    assert entered is not None and entered.user.pending(()) == "new_password"
    li = Principal(name="8002", agent="8002", role="agent")
    await change_password(store, "8002", first[0].password, password_of("8002"), who=li)
    assert await enters(store, "8002", first[0].password) is None
    again = await enters(store, "8002")
    assert again is not None and again.user.pending(()) is None
    clock.forward(seconds=ONE_TIME_LASTS.total_seconds())
    assert await enters(store, "8003", first[1].password) is None
    account = await store.users.get("8003")
    assert account is not None and account.password == "expired"


@pytest.mark.req("ACC-1")
async def test_a_password_is_changed_by_who_knows_it_and_ends_all_other_sessions(
    store: Store, clock: HandClock
) -> None:
    here, there = await enters(store, "8001"), await enters(store, "8001")
    assert here is not None and there is not None
    (newest, *_) = await store.users.sessions.list("8001", clock.now)
    kept = {each.id for each in await store.users.sessions.list("8001", clock.now)}
    assert len(kept) == 2 and newest.address == HERE.address and newest.browser == "Firefox"
    with pytest.raises(WrongPassword):
        await change_password(store, "8001", "guess", "another good one 77", who=WANG_HERSELF)
    for poor in ("short", "1234567890", password_of("8001"), "wang fang 8001"):
        with pytest.raises(BadPassword):
            await change_password(store, "8001", password_of("8001"), poor, who=WANG_HERSELF)
    await change_password(
        store, "8001", password_of("8001"), "teapot glacier violin", session=session_id(here.session), who=WANG_HERSELF
    )
    assert await whose(store, here.session, clock.now) == WANG
    assert await store.users.sessions.lookup(there.session, clock.now) is None
    assert await enters(store, "8001") is None
    assert await enters(store, "8001", "teapot glacier violin") is not None


@pytest.mark.req("ACC-2")
async def test_agents_yaml_says_who_somebody_is_and_who_stands_there_no_more_has_no_rights(
    store: Store, clock: HandClock
) -> None:
    entered = await enters(store, "8001")
    assert entered is not None
    await enrol_site(store, STAFF[1:])
    assert await store.users.sessions.lookup(entered.session, clock.now) is None
    assert await enters(store, "8001") is None
    assert await store.users.gone() == {"8001"}
    await enrol_site(store, [Person("8001", name="王小芳", role="supervisor"), *STAFF[1:]])
    back = await enters(store, "8001")
    assert back is not None and (back.user.display_name, back.user.role) == ("王小芳", "supervisor")
    (row,) = [each.row for each in await store.audit.about("user 8001") if each.row.action == "user_changed"]
    assert row.by == "agents.yaml" and "agent → supervisor" in row.details
    assert (await acts(store, "8001")).count("user_unlisted") == 1


@pytest.mark.req("ACC-1", "ACC-2")
async def test_a_lock_ends_everything_at_once_and_what_was_holds_again_afterwards(
    store: Store, clock: HandClock
) -> None:
    entered = await enters(store, "8001")
    assert entered is not None
    locked = await lock(store, "8001", who=CHEF)
    assert locked.state == "locked" and locked.sessions == 0
    assert await store.users.sessions.lookup(entered.session, clock.now) is None
    assert await enters(store, "8001") is None
    with pytest.raises(NotLikeThis):
        await lock(store, "8001", who=CHEF)
    await unlock(store, "8001", who=CHEF)
    with pytest.raises(NotLikeThis):
        await unlock(store, "8001", who=CHEF)
    assert await enters(store, "8001") is not None
    assert (await acts(store, "8001"))[-2:] == ["user_locked", "user_unlocked"]


@pytest.mark.req("ACC-2")
async def test_who_has_left_comes_back_by_being_added_again(store: Store, clock: HandClock) -> None:
    await retire(store, "8001", who=CHEF)
    for act in (reset_password, unlock, lock, retire):
        with pytest.raises(NotLikeThis):
            await act(store, "8001", who=CHEF)
    await enrol_site(store, STAFF)
    assert await enters(store, "8001") is None, "agents.yaml brings nobody back whom an administrator has retired"
    first = await add_person(store, NewPerson(id="8001", name="别人", name_en="x", role="administrator"), who=CHEF)
    again = await enters(store, "8001", first.password)
    assert again is not None and again.user.role == "agent" and again.user.display_name == "王芳", "the file says"
    assert await enters(store, "8001") is None


@pytest.mark.req("ACC-2")
async def test_somebody_without_a_telephone_is_added_by_hand_and_agents_yaml_leaves_that_person_alone(
    store: Store,
) -> None:
    li = NewPerson(id="li.na", name="李娜", name_en="Li Na", role="supervisor")
    first = await add_person(store, li, who=CHEF)
    with pytest.raises(NotLikeThis):
        await add_person(store, li, who=CHEF)
    for wrong in (
        NewPerson(id="Li Na", name="x", name_en="x", role="agent"),
        NewPerson(id="x1", name=" ", name_en="x", role="agent"),
    ):
        with pytest.raises(BadValue):
            await add_person(store, wrong, who=CHEF)
    await enrol_site(store, STAFF)
    entered = await enters(store, "li.na", first.password)
    assert entered is not None and entered.user.role == "supervisor"
    assert await acts(store, "li.na") == ["user_added", "password_reset"]


@pytest.mark.req("ACC-2")
async def test_the_last_administrator_stays_whoever_takes_whom_away_at_the_same_moment(store: Store) -> None:
    for act in (lock, retire):
        with pytest.raises(NotLikeThis):
            await act(store, "8901", who=Principal(name="command line", agent=None, role="administrator"))
        with pytest.raises(NotLikeThis):
            await act(store, "8901", who=CHEF)
    await add_person(store, NewPerson(id="8902", name="二", name_en="Two", role="administrator"), who=CHEF)
    other = Principal(name="8902", agent=None, role="administrator")
    outcomes = await asyncio.gather(
        retire(store, "8902", who=CHEF), retire(store, "8901", who=other), return_exceptions=True
    )
    assert sum(isinstance(each, NotLikeThis) for each in outcomes) == 1
    assert [each.name for each in await store.users.list() if each.role == "administrator" and each.may_log_in] != []


async def test_a_reset_makes_what_was_typed_meanwhile_worthless(store: Store) -> None:
    """A password that was compared before a reset opens no session after it."""
    credential = await store.users.credential("8001")
    assert credential is not None and credential.password_hash is not None
    first = await reset_password(store, "8001", who=CHEF)
    assert not await store.users.logged_in("8001", credential.password_hash, store.clock())
    assert await enters(store, "8001") is None and await enters(store, "8001", first.password) is not None
    with pytest.raises(NotLikeThis):
        await reset_password(store, "8901", who=CHEF)
    with pytest.raises(UnknownRecord):
        await reset_password(store, "nobody", who=CHEF)


async def test_a_session_lives_while_it_is_used_and_twelve_hours_at_most(store: Store, clock: HandClock) -> None:
    sessions = store.users.sessions
    token = await sessions.create("8001", HERE, clock.now)
    for _ in range(35):
        assert await whose(store, token, clock.forward(minutes=20)) == WANG
    assert await sessions.lookup(token, clock.forward(minutes=20)) is None
    idle = await sessions.create("8001", HERE, clock.now)
    assert await whose(store, idle, clock.forward(minutes=29)) == WANG
    assert await sessions.lookup(idle, clock.forward(minutes=30)) is None
    assert await sessions.list("8001", clock.now) == ()


@pytest.mark.req("ACC-1")
async def test_a_session_knows_when_its_password_was_last_shown(store: Store, clock: HandClock) -> None:
    sessions, began = store.users.sessions, clock.now
    token, other = await sessions.create("8001", HERE, began), await sessions.create("8001", HERE, began)

    async def confirms(password: str, who: Principal = WANG_HERSELF) -> bool:
        session = session_id(token)
        return await confirm_password(store, password, session=session, address=HERE.address, who=who)

    async def shown() -> list[datetime | None]:
        users = [await sessions.lookup(each, clock.now) for each in (token, other)]
        return [user and user.shown_at for user in users]

    clock.forward(minutes=20)
    assert not await confirms("guess") and await shown() == [began, began]
    assert await confirms(password_of("8001")) and await shown() == [clock.now, began]
    clock.forward(minutes=5)
    with pytest.raises(UnknownRecord):
        await confirms("x", Principal(name="token:administrator", agent=None, role="administrator"))
    assert (await acts(store, "8001")).count("password_confirmed") == 1
    changed = clock.forward(minutes=1)
    await change_password(store, "8001", password_of("8001"), CHOSEN, session=session_id(token), who=WANG_HERSELF)
    assert await shown() == [changed, None]
    await reset_password(store, "8001", who=CHEF)
    with pytest.raises(NotLikeThis):
        await confirms(CHOSEN)


@pytest.mark.req("ACC-2")
async def test_sessions_are_told_apart_and_ended_one_by_one(store: Store, clock: HandClock) -> None:
    tokens = [await store.users.sessions.create("8001", HERE, clock.forward(seconds=1)) for _ in range(3)]
    others = await store.users.sessions.create("8801", HERE, clock.now)
    shown = await store.users.sessions.list("8001", clock.now)
    assert [each.created_at for each in shown] == sorted((each.created_at for each in shown), reverse=True)
    assert await end_sessions(store, "8001", only=shown[0].id, who=WANG_HERSELF) == 1
    for worthless in ("", "0" * 16, shown[1].id[:8], "%"):
        with pytest.raises(UnknownRecord):
            await end_sessions(store, "8001", only=worthless, who=WANG_HERSELF)
    left = [token for token in tokens if await store.users.sessions.lookup(token, clock.now)]
    assert left == tokens[:2]
    assert await end_sessions(store, "8001", who=CHEF) == 2
    assert await store.users.sessions.lookup(others, clock.now) is not None


@pytest.mark.req("ACC-2")
async def test_the_login_after_the_tenth_ends_the_session_unseen_for_longest(store: Store, clock: HandClock) -> None:
    sessions = store.users.sessions
    others = await sessions.create("8801", HERE, clock.now)
    tokens = []
    for _ in range(MOST_SESSIONS):
        clock.forward(seconds=1)
        tokens.append(await enters(store, "8001"))
    held = [each.session for each in tokens if each is not None]
    clock.forward(minutes=2)
    assert await whose(store, held[0], clock.now) == WANG, "used again: the second one is unseen for longest"
    await asyncio.gather(*(enters(store, "8001") for _ in range(3)))
    left = [token for token in held if await sessions.lookup(token, clock.now)]
    assert left == [held[0], *held[4:]] and len(await sessions.list("8001", clock.now)) == MOST_SESSIONS
    assert await sessions.lookup(others, clock.now) is not None


@pytest.mark.req("ACC-2", "ACC-3")
async def test_who_knows_a_password_alone_pushes_nobody_out_who_has_shown_more(store: Store, clock: HandClock) -> None:
    sessions = store.users.sessions
    own = [await sessions.create("8901", HERE, clock.forward(seconds=1), "code") for _ in range(3)]
    for _ in range(2 * MOST_SESSIONS):
        clock.forward(seconds=1)
        await sessions.create("8901", HERE, clock.now)
    assert all([await sessions.lookup(token, clock.now) for token in own])
    assert len(await sessions.list("8901", clock.now)) == MOST_SESSIONS


async def test_a_revoked_or_invented_token_is_nobody_and_the_store_knows_no_token(
    store: Store, clock: HandClock
) -> None:
    sessions = store.users.sessions
    token, other = await sessions.create("8001", HERE, clock.now), await sessions.create("8001", HERE, clock.now)
    device = await store.users.devices.remember(None, "8001", clock.now)
    async with store.database.read() as connection:
        kept = str(
            (await connection.execute(select(user_session))).all()
            + (await connection.execute(select(user_device))).all()
        )
    assert token not in kept and device not in kept
    await sessions.revoke(token)
    await sessions.revoke(token)
    assert await sessions.lookup(token, clock.now) is None
    assert await sessions.lookup("invented", clock.now) is None
    assert await whose(store, other, clock.now) == WANG


@pytest.mark.req("ACC-1")
async def test_a_machine_is_known_for_whoever_has_logged_in_on_it(store: Store, clock: HandClock) -> None:
    devices = store.users.devices
    shared = await devices.remember(None, "8001", clock.now)
    assert await devices.remember(shared, "8801", clock.now) == shared
    assert await devices.known(shared, "8001") == await devices.known(shared, "8801") is not None
    assert await devices.known(shared, "8901") is None and await devices.known("invented", "8001") is None
    assert await devices.remember("invented", "8001", clock.now) != "invented"
    for _ in range(MOST_DEVICES):
        await devices.remember(None, "8001", clock.forward(seconds=1))
    assert await devices.known(shared, "8001") is None and await devices.known(shared, "8801") is not None
    await retire(store, "8801", who=CHEF)
    assert await devices.known(shared, "8801") is None


def test_a_one_time_password_lasts_a_week() -> None:
    assert timedelta(days=7) == ONE_TIME_LASTS
