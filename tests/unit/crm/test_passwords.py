"""What may be a password: NIST SP 800-63B's rules, and nobody's name or number. ACC-1."""

import pytest

from crm.use_cases.accounts.passwords import one_time_password
from crm.users.passwords import LONGEST, TOO_COMMON, TOO_LONG, TOO_SHORT, fault_of, normal

WANG = ("8003", "王雨婷", "Wang Yuting")


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "0987654321",
        "password123",
        "Password123!",
        "qwertyuiop",
        "qwerty123456",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "iloveyou1314",
        "2026-11-30",
        "20261130abc",
        "woaini1314520",
        "sanxiang123",
        "三响三响三响三响三响",
        "8003800380038003",
        "8003wangyuting",
        "wang yuting 8003",
        "王雨婷王雨婷王雨婷王雨婷",
        "p@ssw0rd2026",
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    assert fault_of(password, WANG) == TOO_COMMON


def test_length_counts_characters_of_any_script() -> None:
    assert fault_of("kx7-Pq2f9", WANG) == TOO_SHORT
    assert fault_of("三峡大坝夜里的灯火通明真好看", WANG) is None
    assert fault_of("青石板路旁的桂花树下九点半", WANG) is None
    assert fault_of("x" * (LONGEST + 1), WANG) == TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        "ferry lantern orchid",
        "k7fmd-q2xtw-4cnhr",
        "correct horse battery staple",
        "Tj4%mQz8wL",
        "a b c d " * 3 + "glockenspiel",
    ],
)
def test_anything_else_will_do_without_rules_of_composition(password: str) -> None:
    assert fault_of(password, WANG) is None


def test_one_password_typed_on_two_keyboards_is_one() -> None:
    assert normal("ｆｅｒｒｙ９９ lantern") == normal("ferry99 lantern")


def test_one_time_passwords_are_each_their_own_and_would_pass_the_rules() -> None:
    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(fault_of(each, WANG) is None for each in made)
