"""Hashes passwords by argon2id, a few at a time, in threads of their own (adapter). ACC-1.

Anybody may have a password hashed by guessing at one, so these threads get what calls leave of the machine (OPS-7).
"""

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from crm.users.passwords import normal

log = logging.getLogger(__name__)

_HASHER: Final = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
NICENESS: Final = 10
"""Of the threads alone: Linux has one for each."""
_THREADS: Final = ThreadPoolExecutor(2, "password", initializer=os.nice, initargs=(NICENESS,))
"""A hash takes 19 MiB and most of a core for some 30 ms: more at once would only be slower for all."""


async def hash_password(password: str) -> str:
    """What is kept of it."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, normal(password))


async def is_right(password: str, kept: str | None) -> bool:
    """Whether this is the password that was kept. None: nobody's, which takes the same time and is never right."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _is_right, normal(password), kept)


def _is_right(password: str, kept: str | None) -> bool:
    try:
        return _HASHER.verify(_nobodys() if kept is None else kept, password) and kept is not None
    except VerifyMismatchError:
        return False
    except InvalidHashError:
        log.exception("a password's hash is damaged: give that person a new one", extra={"action": "bad_hash"})
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("")
