"""Whatever is in a mail, something that a ticket can hold comes out of it; machines' mails are told apart. TKT-1"""

import base64
import random
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.intake.html_words import words_of_html
from crm.intake.mail import CUT, MOST_TEXT, read_mail, unreadable
from crm.intake.model import Opening

OWN = frozenset({"kefu@example.cn"})


def mail(body: str = "正文", *headers: str, charset: str = "utf-8", kind: str = "text/plain") -> bytes:
    head = [
        "From: =?utf-8?b?546L5bu65Zu9?= <Wang@Example.CN>",
        "Subject: =?gb2312?B?zbbL3w==?=",
        "Message-ID: <1@example.cn>",
        "Date: Sun, 22 Nov 2026 10:00:00 +0800",
        f'Content-Type: {kind}; charset="{charset}"',
        "Content-Transfer-Encoding: 8bit",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body.encode(charset if charset == "gb18030" else "utf-8")


@pytest.mark.req("TKT-1")
def test_words_of_a_chinese_mail_in_whatever_charset() -> None:
    for charset in ("utf-8", "gb18030", "no-such-charset"):
        read = read_mail(mail("讲解员迟到了", charset=charset), "box:1", OWN)
        assert (read.name, read.sender, read.subject) == ("王建国", "wang@example.cn", "投诉")
        assert read.text == "讲解员迟到了" and read.automatic is None
        assert read.sent_at is not None and read.sent_at.isoformat() == "2026-11-22T02:00:00+00:00"
        assert read.matter == "投诉\n\n讲解员迟到了"


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "Precedence: LIST",
        "List-Id: <news.example.cn>",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Reply-To: MAILER-DAEMON@example.cn",
        "Reply-To: Kefu@example.cn",
        "Content-Type: multipart/report; boundary=x",
    ],
)
def test_what_a_machine_wrote_is_told_apart(header: str) -> None:
    raw = mail("x", header)
    if header.startswith("Content-Type"):
        raw = raw.replace(b'Content-Type: text/plain; charset="utf-8"\r\n', b"")
    assert read_mail(raw, "box:1", OWN).automatic is not None
    assert read_mail(mail("x", "Auto-Submitted: no"), "box:1", OWN).automatic is None


def test_the_number_in_the_subject_is_found_and_nothing_like_it() -> None:
    for subject, found in (
        ("Re: 工单20261122-0007的答复", "20261122-0007"),
        ("120261122-0007", None),
        ("20261122-00071234567890", None),
    ):
        raw = mail("x").replace(b"Subject: =?gb2312?B?zbbL3w==?=", f"Subject: {subject}".encode())
        assert read_mail(raw, "box:1", OWN).ticket == found


def test_a_page_becomes_words_and_what_runs_is_left_out() -> None:
    head = "<head><title>t</title><style>p{}</style></head>"
    page = f"{head}<p>您好，<b>王</b>先生<br>&lt;b&gt;<script>x()</script></p><p>再见"
    assert words_of_html(page) == ("您好，王先生\n<b>\n\n再见", True)
    assert read_mail(mail(page, kind="text/html"), "box:1", OWN).text == "您好，王先生\n<b>\n\n再见"


def test_files_come_with_their_names_and_a_mail_inside_with_its_parts() -> None:
    content = base64.b64encode(b"%PDF-1.7 x").decode()
    raw = (
        "From: a@b.cn\r\nSubject: f\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
        "--B\r\nContent-Type: text/plain\r\n\r\nsee file\r\n"
        "--B\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; "
        "filename*=UTF-8''..%2F%E5%8F%91%E7%A5%A8.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{content}\r\n--B\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.cn\r\nSubject: in\r\n\r\ninner\r\n"
    ).encode()
    read = read_mail(raw, "box:1", OWN)
    assert read.text == "see file\ninner"
    assert [(file.name, file.content) for file in read.files] == [("../发票.pdf", b"%PDF-1.7 x")]


def test_a_mail_without_an_identity_is_known_by_its_place() -> None:
    raw = b"Subject: x\r\n\r\ny"
    assert read_mail(raw, "box:1", OWN).key == read_mail(raw, "box:1", OWN).key != read_mail(raw, "box:2", OWN).key


def holds(raw: bytes) -> None:
    read = read_mail(raw, "box:1", OWN)
    for text in (read.matter, read.text, read.subject, read.name, *(file.name for file in read.files)):
        text.encode("utf-8")
        assert "\x00" not in text
    sender = read.sender if "@" in read.sender else ""

    Opening(received_at=datetime.now(UTC), matter=read.matter, contact_name=read.name, email=sender, key=read.key)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_stop_the_reader(raw: bytes) -> None:
    holds(raw)
    holds(b"Subject: " + raw + b"\r\nFrom: " + raw + b"\r\nContent-Type: " + raw + b"\r\n\r\n" + raw)


def test_a_mail_with_bytes_changed_at_random_is_still_a_mail() -> None:
    chance = random.Random(4)
    whole = mail("x" * 50 + "<p>讲解", kind="text/html") + base64.b64encode(bytes(200))
    for _ in range(500):
        raw = bytearray(whole)
        for _ in range(8):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        holds(bytes(raw))


def test_an_endless_mail_is_cut_and_says_so() -> None:
    read = read_mail(mail("很长" * 9000), "box:1", OWN)
    assert MOST_TEXT < len(read.matter) < 4000 and read.matter.endswith("见邮箱）")
    assert unreadable(b"\xff\x00" * 9000, "box:1").matter.startswith("（邮件无法解析")


@pytest.mark.parametrize("header", ["Subject", "From", "Content-Type", "Content-Disposition"])
@pytest.mark.parametrize("piece", ["=?a?q?", '"<', "; a*0=1", "(", '"\\"; '])
def test_a_header_without_end_costs_little(header: str, piece: str) -> None:
    raw = f"{header}: text/html {piece * 100_000}\n\n<p>讲解".encode()
    began = process_time()
    read_mail(raw, "box:1", OWN)
    assert process_time() - began < 2.0


def test_a_page_that_is_not_read_to_its_end_says_so() -> None:
    assert read_mail(mail("<p>讲解" + "<b>" * 30_000, kind="text/html"), "box:1", OWN).text == "讲解" + CUT
