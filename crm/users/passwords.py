"""What may be a password (rules): long enough, and nothing that is guessed first. NIST SP 800-63B 5.1.1. ACC-1.

No rules of composition. What is guessed first is the estimate of zxcvbn, which knows the common passwords, words, dates
and rows of keys, and here the person's own names too.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

from config.words import Words

SHORTEST: Final = 10
LONGEST: Final = 128
LEAST_GUESSES: Final = 10**8
"""A password that would be found with fewer guesses is a common one."""

_LOOKED_AT: Final = 40
"""So many characters are judged; more cost the estimate far more time and make no password worse."""

_OURS: Final = ("sanxiang", "三响")
_PINYIN: Final = (
    "woaini",
    "wodemima",
    "mima",
    "nihao",
    "aini",
    "1314520",
    "5201314",
    "1314",
    "520",
    "888888",
    "666666",
)
"""What zxcvbn, made in English, does not know: what is typed most in Chinese."""

TOO_SHORT: Final = Words(f"至少 {SHORTEST} 个字符", f"at least {SHORTEST} characters")
TOO_LONG: Final = Words(f"最多 {LONGEST} 个字符", f"at most {LONGEST} characters")
TOO_COMMON: Final = Words(
    "太容易猜到：常见密码、姓名、工号、日期、连续或重复的字符都不行；可以用几个不相关的词",
    "too easy to guess: no common password, name, number of yours, date, row or repetition; try a few unrelated words",
)


def normal(password: str) -> str:
    """The one form in which a password is hashed, whichever keyboard it was typed on (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, about: Iterable[str]) -> Words | None:
    """Why this may not be the password of somebody; None: it may. `about`: names and numbers of that person."""
    given = normal(password)
    if len(given) < SHORTEST:
        return TOO_SHORT
    if len(given) > LONGEST:
        return TOO_LONG
    return TOO_COMMON if _guesses(given[:_LOOKED_AT], about) < LEAST_GUESSES else None


def _guesses(password: str, about: Iterable[str]) -> int:
    from zxcvbn import zxcvbn  # its lists are large, and few processes ever ask

    own = [word for name in (*about, *_OURS) for word in _forms(name) if word]
    return int(zxcvbn(password, user_inputs=[*own, *_PINYIN])["guesses"])


def _forms(name: str) -> tuple[str, ...]:
    """A name as it is typed: whole, in parts, in one word, the other way round."""
    parts = name.split()
    return (name, *parts, "".join(parts), "".join(reversed(parts)))
