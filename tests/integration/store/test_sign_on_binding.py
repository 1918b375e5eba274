"""An account belongs to who came by the first single sign-on, in both stores, until somebody frees it. ACC-3"""

import asyncio
from dataclasses import dataclass

import pytest

from config.schema import Role
from crm.db.store import Store
from crm.rights import Principal
from crm.use_cases.accounts.logins import Login, log_in_signed_on
from crm.use_cases.accounts.people import lock, reset_password, retire
from crm.users.model import Place, Vouched
from tests.fakes.logins import let_people_log_in

CHEF = Principal(name="8901", agent=None, role="administrator")
HERE = Place(address="192.0.2.1", browser="Firefox")
OURS, NEXT = "https://login.example.cn", "https://sso.example.cn"


@dataclass(frozen=True)
class Person:
    id: str
    name: str = "王芳"
    name_en: str = "Wang Fang"
    role: Role = "agent"


@pytest.fixture(autouse=True)
async def staff(store: Store) -> None:
    await let_people_log_in(store, (Person("8001"), Person("8002"), Person("8901", role="administrator")))


async def comes(store: Store, name: str, subject: str, issuer: str = OURS) -> str:
    """What becomes of somebody whom the provider sends with this name and id."""
    entered = await log_in_signed_on(store, Vouched(name, issuer, subject), HERE, device=None)
    return "in" if isinstance(entered, Login) else entered


@pytest.mark.req("ACC-3")
async def test_a_name_is_whose_it_was_first_and_nobody_has_two(store: Store) -> None:
    for _ in range(2):
        assert await comes(store, "8001", "wang") == "in"
    for stranger in ("li", "Wang", "wang ", "%"):
        assert await comes(store, "8001", stranger) == "another_person"
    assert await comes(store, "8002", "wang") == "another_person"
    assert await comes(store, "8002", "li") == "in"
    assert await comes(store, "nobody", "wang") == "unknown_person"
    assert len(await store.users.sessions.list("8001", store.clock())) == 2


@pytest.mark.req("ACC-3")
async def test_of_two_who_come_first_at_the_same_moment_one_is_in(store: Store) -> None:
    came = await asyncio.gather(*(comes(store, "8001", each) for each in ("wang", "li")))
    assert sorted(came) == ["another_person", "in"]


@pytest.mark.req("ACC-2", "ACC-3")
async def test_a_reset_frees_a_name_and_leaving_frees_the_person(store: Store) -> None:
    assert await comes(store, "8001", "wang") == "in"
    await reset_password(store, "8001", who=CHEF)
    assert await comes(store, "8001", "wang's new id") == "in"
    assert await comes(store, "8001", "wang") == "another_person"
    await lock(store, "8001", who=CHEF)
    assert await comes(store, "8001", "wang's new id") == "unknown_person"
    assert await comes(store, "8002", "wang's new id") == "another_person", "a lock is no way round"
    await retire(store, "8001", who=CHEF)
    assert await comes(store, "8002", "wang's new id") == "in"


@pytest.mark.req("ACC-3")
async def test_another_provider_of_the_site_binds_anew(store: Store) -> None:
    assert await comes(store, "8001", "wang") == "in"
    assert await comes(store, "8001", "4711", NEXT) == "in"
    assert await comes(store, "8001", "4712", NEXT) == "another_person"
    assert await comes(store, "8002", "wang", NEXT) == "in", "the same letters mean somebody else there"
