"""accounts.yaml: administrators need a second factor unless it says otherwise; what is wrong in it is said. ACC-3"""

import pytest
from pydantic import ValidationError

from config.loading.load import load_site
from config.service.accounts import Accounts, SingleSignOn
from tests.unit.config.workshop import DEMO


@pytest.mark.req("ACC-3")
def test_a_site_that_says_nothing_asks_administrators_and_the_demonstration_nobody() -> None:
    assert Accounts().second_factor == ("administrator",) and Accounts().single_sign_on is None
    assert load_site(DEMO).accounts.second_factor == ()


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"issuer": "http://login.example.cn"}, "has to begin with https"),
        ({"issuer": "login.example.cn"}, "no issuer"),
        ({"issuer": "https://login.example.cn/?realm=hall"}, "no issuer"),
        ({"issuer": "https://somebody@login.example.cn"}, "no issuer"),
        ({"client_id": "our hall"}, "match pattern"),
        ({"scopes": ("profile",)}, "'openid' has to be among the scopes"),
        ({"client_secret": "in a file that many read"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_with_a_provider_is_said(wrong: dict[str, object], words: str) -> None:
    right = {"issuer": "https://login.example.cn/realms/hall", "client_id": "sanxiang"}
    with pytest.raises(ValidationError, match=words):
        Accounts.model_validate({"single_sign_on": right | wrong})


def test_a_provider_on_this_machine_needs_no_tls() -> None:
    for issuer in ("http://127.0.0.1:8081", "http://[::1]:8081", "http://localhost:8081"):
        assert SingleSignOn(issuer=issuer, client_id="sanxiang").claim == "preferred_username"


def test_who_needs_a_second_factor_is_a_role() -> None:
    with pytest.raises(ValidationError, match="'agent', 'supervisor' or 'administrator'"):
        Accounts.model_validate({"second_factor": ("boss",)})
