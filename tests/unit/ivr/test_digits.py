"""Which digits are a choice, and which could become one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.words.digits import Match, match

KEYS = ("1", "12", "120", "20", "*", "#9")


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("1", Match.INCOMPLETE),
        ("12", Match.INCOMPLETE),
        ("120", Match.COMPLETE),
        ("2", Match.INCOMPLETE),
        ("20", Match.COMPLETE),
        ("*", Match.COMPLETE),
        ("#", Match.INCOMPLETE),
        ("#9", Match.COMPLETE),
        ("3", Match.INVALID),
        ("13", Match.INVALID),
        ("1201", Match.INVALID),
        ("A", Match.INVALID),
    ],
)
def test_match(digits: str, expected: Match) -> None:
    assert match(digits, KEYS) is expected


@settings(deadline=None)
@given(st.sets(st.text("0123456789*#", min_size=1, max_size=3), min_size=1), st.data())
def test_every_key_can_be_entered(keys: set[str], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(keys)))
    for end in range(1, len(key)):
        assert match(key[:end], keys) is Match.INCOMPLETE
    assert match(key, keys) is not Match.INVALID
