"""Passwords that strangers guess at are hashed behind the calls, and rightly. OPS-7, ACC-1"""

import asyncio
import os

import pytest

from crm.db.users import hashing
from crm.db.users.hashing import NICENESS, hash_password, is_right

pytestmark = pytest.mark.req("OPS-7", "ACC-1")


async def test_guesses_get_what_calls_leave_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, verified = set[int](), hashing._is_right

    def watched(password: str, kept: str | None) -> bool:
        seen.add(os.getpriority(os.PRIO_PROCESS, 0))  # of this thread
        return verified(password, kept)

    monkeypatch.setattr(hashing, "_is_right", watched)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    kept = await hash_password("a long password")
    guesses = await asyncio.gather(*(is_right(f"guess {number}", None) for number in range(6)))
    assert not any(guesses) and await is_right("a long password", kept)
    assert seen == {min(19, ours + NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == ours, "the loop that serves calls is as it was"
