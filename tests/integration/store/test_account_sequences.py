"""Whatever administrators, people and strangers do to accounts, one after the other: what must hold holds after each.

Seeded: the same number, the same story. ACC-1, ACC-2.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.schema import Role
from crm.db.store import Store
from crm.errors import BadPassword, BadValue, NotLikeThis, UnknownRecord, WrongPassword
from crm.rights import Principal
from crm.use_cases.accounts.logins import log_in
from crm.use_cases.accounts.passwords import FirstPassword, change_password
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
from crm.users.model import Place
from tests.integration.store.hand_clock import HandClock

SITE = {"8001": "agent", "8002": "agent", "8801": "supervisor", "8901": "administrator"}
ADDED = ("8902", "li.na")
NAMES = (*SITE, *ADDED)
ROLES: tuple[Role, ...] = ("agent", "supervisor", "administrator")
WORDS = ("teapot", "glacier", "violin", "harbour", "saffron", "walnut", "pelican", "granite")
REFUSED = (BadPassword, BadValue, NotLikeThis, UnknownRecord, WrongPassword)


@dataclass(frozen=True)
class Person:
    id: str
    role: Role
    name: str = "某人"
    name_en: str = "Somebody"


@dataclass
class Story:
    """What was done, and what the people in it know: their passwords, the tokens of their browsers."""

    store: Store
    clock: HandClock
    dice: random.Random
    passwords: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def learns(self, first: FirstPassword) -> None:
        assert first.password not in self.secrets, "a one-time password is given once"
        self.passwords[first.name] = first.password
        self.secrets.add(first.password)

    async def step(self) -> None:
        """One act of somebody; refusals are a part of life."""
        act: Callable[[str], object] = self.dice.choice(
            (
                *(self.enrol, self.add, self.reset, self.lock, self.unlock, self.retire, self.end, self.wait),
                *(self.log_in, self.log_in, self.change, self.change),
            )
        )
        name = self.dice.choice(NAMES)
        self.told.append(f"{getattr(act, '__name__', act)} {name}")
        try:
            await act(name)  # type: ignore[misc]
        except REFUSED as refused:
            self.told[-1] += f" – {type(refused).__name__}"

    @property
    async def administrator(self) -> Principal:
        able = [each for each in await self.store.users.list() if each.role == "administrator" and each.may_log_in]
        return Principal(name=self.dice.choice(able).name, agent=None, role="administrator")

    async def enrol(self, name: str) -> None:
        """The site is read again, perhaps without somebody who is no administrator of it."""
        left_out = name if SITE.get(name) != "administrator" and self.dice.random() < 0.5 else None
        people = [Person(each, role) for each, role in SITE.items() if each != left_out]  # type: ignore[arg-type]
        for first in await enrol_site(self.store, people):
            self.learns(first)

    async def add(self, name: str) -> None:
        person = NewPerson(id=name, name="新人", name_en="New", role=self.dice.choice(ROLES))
        self.learns(await add_person(self.store, person, who=await self.administrator))

    async def reset(self, name: str) -> None:
        self.learns(await reset_password(self.store, name, who=await self.administrator))

    async def lock(self, name: str) -> None:
        await lock(self.store, name, who=await self.administrator)

    async def unlock(self, name: str) -> None:
        await unlock(self.store, name, who=await self.administrator)

    async def retire(self, name: str) -> None:
        await retire(self.store, name, who=await self.administrator)

    async def end(self, name: str) -> None:
        await end_sessions(self.store, name, who=await self.administrator)

    async def log_in(self, name: str) -> None:
        before = await self.store.users.get(name)
        given = self.passwords.get(name, "x") if self.dice.random() < 0.8 else "a wrong one"
        entered = await log_in(self.store, name, given, Place(address="192.0.2.1", browser="x"), device=None)
        right = given == self.passwords.get(name) and before is not None and before.may_log_in
        assert (entered is not None) is right
        if entered is not None:
            self.tokens[entered.session] = name
            self.secrets |= {entered.session, entered.device}

    async def change(self, name: str) -> None:
        new = " ".join(self.dice.sample(WORDS, 3))
        who = Principal(name=name, agent=None, role="agent")
        await change_password(self.store, name, self.passwords.get(name, "x"), new, who=who)
        self.passwords[name] = new
        self.secrets.add(new)

    async def wait(self, name: str) -> None:
        self.clock.forward(minutes=self.dice.choice((1, 20, 45)))


async def holds(story: Story) -> None:
    """What must hold after every step."""
    accounts = {each.name: each for each in await story.store.users.list()}
    assert any(each.role == "administrator" and each.may_log_in for each in accounts.values()), "nobody could get in"
    for token, name in story.tokens.items():
        user = await story.store.users.sessions.lookup(token, story.clock.now)
        if accounts[name].is_gone:
            assert user is None, f"{name} is {accounts[name].state} and has a session"
        elif user is not None:
            assert (user.pending(()) is not None) == (accounts[name].password != "own")
    for account in accounts.values():
        if account.is_gone:
            assert account.sessions == 0


def what_is_kept(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


@pytest.mark.req("ACC-1", "ACC-2")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_rights_hold_in_any_order_of_acts(
    seed: int, store: Store, clock: HandClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    story = Story(store, clock, random.Random(seed))
    await story.enrol("8901")
    for _ in range(60):
        await story.step()
        try:
            await holds(story)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed}: {broken}, after\n" + "\n".join(story.told)) from broken
    assert len(story.secrets) > 10
    rows = str([row async for part in store.audit.chain() for row in part])
    kept = what_is_kept(tmp_path)
    for secret in story.secrets:
        assert secret not in caplog.text and secret not in rows
        assert secret.encode() not in kept, "a secret lies in the store in clear"
