"""Web hooks' rules: who wants what, where they may go, how they are signed, when they are sent again."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from config.service.channels import WebHooks
from crm.hooks.model import checked_patterns, checked_url, news_of_act, news_of_event, retry_after, signature, wants
from crm.intake.model import Opening
from crm.journal.events import CallArrived, CallRang, TicketOpened

AT = datetime(2026, 11, 22, tzinfo=UTC)
ALLOWED = ("https://crm.example.cn", "http://crm.example.cn:8080", "http://[::1]:9000")


def test_patterns_say_what_is_heard() -> None:
    assert wants(("*",), "a.b") and wants(("a.*",), "a.b") and wants(("x.y", "a.b"), "a.b")
    assert not wants(("a.*",), "ab.c") and not wants(("a.b",), "a.bc") and not wants((), "a.b")
    assert checked_patterns(["ticket.opened", "booking.*", "ticket.opened"]) == ("ticket.opened", "booking.*")
    for wrong in ("", "ticket", "*.opened", "Ticket.opened", "ticket.opened.more", "ticket.op*"):
        with pytest.raises(ValueError, match="write"):
            checked_patterns([wrong])


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.cn/x?y=1",
        "https://crm.example.cn:443",
        "http://crm.example.cn:8080/",
        "http://[::1]:9000/x",
    ],
)
def test_a_place_on_the_list_may_be_called(url: str) -> None:
    assert checked_url(url, ALLOWED).hostname


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.cn/",
        "https://crm.example.cn:8443/",
        "https://crm.example.cn.evil.cn/",
        "https://evil.cn/https://crm.example.cn",
        "https://crm.example.cn@evil.cn/",
        "https://a:b@crm.example.cn/",
        "https://crm.example.cn\\@evil.cn/",
        "https://crm.example.cn /",
        "https://crm.example.cn/#x",
        "file:///etc/passwd",
        "gopher://crm.example.cn/",
        "https:///x",
        "https://crm.example.cn:99999/",
        "//crm.example.cn/",
    ],
)
def test_no_other_place_may_be_called(url: str) -> None:
    with pytest.raises(ValueError, match=r"list|write|not an address|among"):
        checked_url(url, ALLOWED)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("10.1.2.3", True),
    ],
)
def test_an_address_is_public_or_named_by_the_site(address: str, may: bool) -> None:
    assert WebHooks(private=("10.1.0.0/16",)).admits(address) is may


def test_the_signature_is_over_the_time_and_the_body() -> None:
    stamp = str(int(AT.timestamp()))
    expected = hmac.new(b"secret", f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    assert signature("secret", b"{}", AT) == f"t={stamp},v1={expected}"


def test_the_pauses_double_up_to_an_hour() -> None:
    assert [retry_after(each) for each in (1, 2, 3)] == [timedelta(seconds=each) for each in (5, 10, 20)]
    assert retry_after(50) == timedelta(hours=1)


@pytest.mark.req("CUS-4")
def test_news_name_the_record_and_no_number() -> None:
    arrived = {"channel_id": "c", "dnis": "4008100002", "ani": "13812345678", "caller_name": "", "line": "hotline"}
    call = CallArrived(at=AT, call_id="1", ticket="20261122-0001", direction="inbound", **arrived)
    told = news_of_event(call)
    assert told is not None and (told.event, told.subject) == ("ticket.opened", "ticket 20261122-0001")
    assert "138" not in str(told.data)
    out = CallArrived(at=AT, call_id="1", ticket="20261122-0001", direction="outbound", **arrived)
    assert news_of_event(out) is None and news_of_event(CallRang(at=AT, call_id="1")) is None
    letter = TicketOpened(at=AT, ticket="1", channel="web", opening=Opening(received_at=AT, contact_number="138"))
    found = news_of_event(letter)
    assert found is not None and found.data == {"channel": "web", "line": None, "kind": None}
    assert news_of_act(AT, "8001", "confirmed", "booking 12").event == "booking.confirmed"
