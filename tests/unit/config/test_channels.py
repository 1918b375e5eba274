"""channels.yaml: what is wrong in it is said at its place; nothing is open by default."""

import pytest
from pydantic import ValidationError

from config.service.channels import Channels, Mail


def test_by_default_nothing_is_open() -> None:
    channels = Channels()
    assert not channels.web_form.enabled and channels.mail is None
    assert channels.web_hooks.allowed == () and channels.trusted_proxies == ()
    assert not channels.web_hooks.admits("127.0.0.1")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mail": {"host": "imap.example.cn", "user": "x", "security": "none"}}, "for all to read"),
        ({"mail": {"host": "imap example", "user": "x"}}, "not a host name"),
        ({"mail": {"host": "imap.example.cn", "user": "x", "addresses": ("kefu",)}}, "not an e-mail address"),
        ({"web_hooks": {"allowed": ("https://crm.example.cn/hook",)}}, "no path"),
        ({"web_hooks": {"allowed": ("ftp://crm.example.cn",)}}, "a scheme and a host"),
        ({"web_hooks": {"private": ("10.0.0.300",)}}, "not an IP address"),
        ({"trusted_proxies": ("proxy",)}, "not an IP address"),
        ({"web_form": {"enabled": True, "burst": 3}}, "Extra inputs"),
        ({"files": {"retention_days": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Channels.model_validate(wrong)


def test_a_mailbox_on_this_machine_needs_no_tls() -> None:
    assert Mail(host="127.0.0.1", user="x", security="none").port == 993
