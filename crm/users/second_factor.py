"""The second factor: six digits that an app counts from a shared secret and the time (rules: no clock). ACC-3.

RFC 6238 as every authenticator app has it: SHA-1, 30 s, six digits. A code counts once; recovery codes stand in for an
app that is lost, each once.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final, Literal

import msgspec
import pyotp

PERIOD_S: Final = 30
STEPS_AROUND: Final = (0, -1, 1)
"""The clock of a telephone is off by so many periods at most."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 15
"""120 bits, 24 letters: too many to be guessed even by who has the hashes, which therefore need no salt."""


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A person's second factor. `secret`: base32; `since`: when it was proved by a first code, None: not yet.
    `last_step`: of the latest code that was used; `recovery`: hashes of codes that are left."""

    name: str
    secret: str
    since: datetime | None
    last_step: int
    recovery: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a code was found to be: the period of an app's code, or the hash of a recovery code."""

    kind: Literal["app", "recovery"]
    step: int = 0
    recovery: str = ""


def shown_by(factor: SecondFactor, code: str, now: datetime) -> Shown | None:
    """What this code proves at `now`; None when it is wrong, or was used before."""
    step = step_of(factor.secret, code, now)
    if step is not None:
        return Shown(kind="app", step=step) if step > factor.last_step else None
    hashed = recovery_hash(code)
    return Shown(kind="recovery", recovery=hashed) if hashed in factor.recovery else None


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The period, counted from 1970, whose code this is; None for the code of no period near `now`."""
    digits = code.replace(" ", "")
    counter, step = pyotp.TOTP(secret), int(now.timestamp()) // PERIOD_S
    for offset in STEPS_AROUND:
        if hmac.compare_digest(counter.generate_otp(step + offset).encode(), digits.encode("utf-8", "surrogatepass")):
            return step + offset
    return None


def app_link(secret: str, name: str, site: str) -> str:
    """What an app reads from the picture: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site)


def grouped(letters: str) -> str:
    """For people to copy: by fours."""
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def recovery_hash(code: str) -> str:
    """SHA-256 of a recovery code, however it was typed: with blanks, dashes or small letters."""
    letters = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()
