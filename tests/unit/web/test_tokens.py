"""Tokens for programs: what they give, when they end, and that none can be made up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.http.tokens import role_of, role_token

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
LOCAL = "a-local-token-of-some-length"


def test_the_local_token_is_an_administrator():
    assert role_of(LOCAL, LOCAL, NOW) == "administrator"


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator"])
def test_a_role_token_gives_its_role_until_it_ends(role):
    token = role_token(LOCAL, role, NOW + timedelta(hours=1))
    assert role_of(token, LOCAL, NOW) == role
    assert role_of(token, LOCAL, NOW + timedelta(hours=1)) is None


def test_a_token_of_another_system_is_worth_nothing():
    assert role_of(role_token("other", "administrator", NOW + timedelta(hours=1)), LOCAL, NOW) is None


def test_a_role_cannot_be_raised():
    token = role_token(LOCAL, "agent", NOW + timedelta(hours=1))
    assert role_of(token.replace("agent", "administrator"), LOCAL, NOW) is None


@given(st.text())
def test_no_text_is_a_token(text):
    assert role_of(text, LOCAL, NOW) is None
