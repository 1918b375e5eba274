"""The second factor's codes: which is right, when, and that each counts once. ACC-3"""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from crm.users.second_factor import SecondFactor, app_link, grouped, recovery_hash, shown_by, step_of

NOW = datetime(2026, 11, 30, 8, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD = timedelta(seconds=30)
FACTOR = SecondFactor(
    name="8901", secret=SECRET, since=NOW, last_step=0, recovery=(recovery_hash("ABCD EFGH IJKL MNOP"),)
)


def code(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize(
    ("at", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(at: int, digits: str) -> None:
    """RFC 6238, appendix B, its last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert step_of(secret, digits, datetime.fromtimestamp(at, UTC)) == at // 30


@pytest.mark.req("ACC-3")
def test_a_telephones_clock_may_be_off_by_one_period_and_no_more() -> None:
    assert [step_of(SECRET, code(NOW + n * PERIOD), NOW) is not None for n in range(-3, 4)] == [
        *(False, False),
        *(True, True, True),
        *(False, False),
    ]
    assert step_of(SECRET, f"{code(NOW)[:3]} {code(NOW)[3:]}", NOW) is not None, "as apps show it"
    for wrong in ("", "12345", code(NOW) + "0", "１２３４５６", "\ud800", "abcdef"):
        assert step_of(SECRET, wrong, NOW) is None


@pytest.mark.req("ACC-3")
def test_a_code_counts_once_and_none_before_it_counts_any_more() -> None:
    step = int(NOW.timestamp()) // 30
    used = SecondFactor(name="8901", secret=SECRET, since=NOW, last_step=step, recovery=())
    assert shown_by(used, code(NOW), NOW) is None
    assert shown_by(used, code(NOW - PERIOD), NOW) is None
    later = shown_by(used, code(NOW + PERIOD), NOW)
    assert later is not None and later.step == step + 1


@pytest.mark.req("ACC-3")
def test_a_recovery_code_is_read_however_it_was_written() -> None:
    for typed in ("ABCD EFGH IJKL MNOP", "abcdefghijklmnop", "abcd-efgh-ijkl-mnop "):
        shown = shown_by(FACTOR, typed, NOW)
        assert shown is not None and shown.kind == "recovery"
    assert shown_by(FACTOR, "ABCD EFGH IJKL MNOQ", NOW) is None
    assert "ABCD" not in str(FACTOR.recovery)


def test_the_picture_holds_what_an_app_reads() -> None:
    link = pyotp.parse_uri(app_link(SECRET, "8901", "城市规划展览馆"))
    assert isinstance(link, pyotp.TOTP)
    assert (link.secret, link.name, link.issuer, link.digits, link.interval) == (
        SECRET,
        "8901",
        "城市规划展览馆",
        6,
        30,
    )
    assert grouped("ABCDEFGH") == "ABCD EFGH"
