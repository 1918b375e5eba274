"""Whatever is in a mail, something that a ticket can hold comes out of it; machines' mails are told apart. TKT-1"""

import base64
import random
import zlib
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.intake.model import Opening
from crm.parsing.html_words import words_of_html
from crm.parsing.jobs import CUT, MOST_TEXT
from crm.parsing.keys import key_of
from crm.parsing.mail import read_mail

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
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Reply-To: MAILER-DAEMON@example.cn",
        "From: Kefu@example.cn",
        "Content-Type: multipart/report; boundary=x",
    ],
)
def test_what_a_machine_wrote_is_told_apart(header: str) -> None:
    raw = mail("x", header)
    if header.startswith("Content-Type"):
        raw = raw.replace(b'Content-Type: text/plain; charset="utf-8"\r\n', b"")
    if header.startswith("From"):
        raw = raw.replace(b"From: =?utf-8?b?546L5bu65Zu9?= <Wang@Example.CN>\r\n", b"")
    assert read_mail(raw, "box:1", OWN).automatic is not None
    assert read_mail(mail("x", "Auto-Submitted: no"), "box:1", OWN).automatic is None


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize(
    "header",
    [
        "List-Id: <office.example.cn>",
        "List-Unsubscribe: <mailto:x@gateway.example>",
        "Precedence: list",
        "Precedence: bulk",
    ],
)
def test_what_lists_and_gateways_add_makes_no_machine_of_a_person(header: str) -> None:
    assert read_mail(mail("x", header), "box:1", OWN).automatic is None


def test_one_message_id_with_another_content_is_another_mail_whatever_way_it_came() -> None:
    first, again, other = (
        read_mail(mail(body, f"Received: from {way}"), "box:1", OWN)
        for body, way in (("a", "x"), ("a", "y"), ("b", "x"))
    )
    assert first.key == again.key != other.key and first.identity_key == other.identity_key == key_of("<1@example.cn>")


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
    assert read.text == "see file\n—— 转发的邮件 ——\n发件人：c@d.cn\n主题：in\ninner"
    assert [(file.name, file.content) for file in read.files] == [("../发票.pdf", b"%PDF-1.7 x")]
    assert [file.media for file in read.files] == ["application/pdf"]


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
@example(b"\0/")
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


@pytest.mark.parametrize("header", ["Subject", "From", "Content-Type", "Content-Disposition"])
@pytest.mark.parametrize("piece", ["=?a?q?", '"<', "; a*0=1", "(", '"\\"; '])
def test_a_header_without_end_costs_little(header: str, piece: str) -> None:
    raw = f"{header}: text/html {piece * 100_000}\n\n<p>讲解".encode()
    began = process_time()
    read_mail(raw, "box:1", OWN)
    assert process_time() - began < 2.0


def test_a_page_that_is_not_read_to_its_end_says_so() -> None:
    assert read_mail(mail("<p>讲解" + "<b>" * 30_000, kind="text/html"), "box:1", OWN).text == "讲解" + CUT


WANG = "wang@customer.example"


def encoded(name: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(name.encode()).decode()}?="


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize(
    ("headers", "sender", "name", "certain"),
    [
        (f"From: {WANG}", WANG, "", True),
        (f"From: 王建国 <{WANG}>", WANG, "王建国", True),
        (f"From: {encoded('李华, 采购部')} <{WANG}>", WANG, "李华, 采购部", True),
        (f"From: {encoded('boss@city.example, 王')} <{WANG}>", WANG, "boss@city.example, 王", True),
        (f"From: {encoded('<boss@city.example>')} <{WANG}>", WANG, "<boss@city.example>", True),
        (f"From: {encoded('kefu@example.cn, 转发')} <{WANG}>", WANG, "kefu@example.cn, 转发", True),
        ("From: =?utf-8?q?boss=40city=2Eexample=2C?= <wang@customer.example>", WANG, "boss@city.example,", True),
        (f'From: "boss@city.example, 王" <{WANG}>', WANG, "boss@city.example, 王", True),
        (f"From: (boss@city.example) {WANG}", WANG, "", True),
        # Signs in a name that is not quoted: readers do not agree, so it is certain to nobody.
        (f"From: boss@city.example <{WANG}>", WANG, "boss@city.example", False),
        (f"From: 李华, 采购部 <{WANG}>", WANG, "李华, 采购部", False),
        # Several senders, or none, or a group of them.
        (f"From: a@b.example, {WANG}", "a@b.example", "", False),
        (f"From: a@b.example, {WANG}\nSender: {WANG}", WANG, "", False),
        (f"From: a@b.example, {WANG}\nSender: c@d.example", "a@b.example", "", False),
        (f"From: {WANG}\nFrom: a@b.example", WANG, "", False),
        (f"From: all: a@b.example, {WANG};", "a@b.example", "", False),
        (f"From: one: {WANG};", WANG, "", False),
        ("From: undisclosed:;", "", "undisclosed:;", False),
        (f"From: 王建国\nSender: Secretary <{WANG}>", WANG, "Secretary", False),
        ("From: 王建国", "", "王建国", False),
        ("From:", "", "", False),
        ("To: kefu@example.cn", "", "", False),
        # An address of encoded words is none.
        ("From: <=?utf-8?q?boss=40city=2Eexample?=@customer.example>", "", "", False),
        ("From: =?utf-8?q?boss=40city=2Eexample?=", "", "boss@city.example", False),
        ("From: a@b@c.example", "", "a@b@c.example", False),
    ],
)
def test_who_sent_it_is_told_before_a_name_is_decoded(headers: str, sender: str, name: str, certain: bool) -> None:
    read = read_mail(f"{headers}\nSubject: x\n\ny".encode(), "box:1", OWN)
    assert (read.sender, read.certain) == (sender, certain)
    assert read.name == name or not sender
    assert read.automatic is None


CITY, HALL = "boss@city.example", "kefu@example.cn"


@settings(max_examples=400, deadline=None)
@given(
    name=st.text(st.sampled_from('王a @,;:<>()"\\.[]=?\n'), max_size=12),
    forged=st.sampled_from([CITY, HALL, f"<{CITY}>", f"{CITY},", f"{HALL}>", ""]),
    way=st.sampled_from(["B", "Q"]),
)
def test_no_name_forges_an_address(name: str, forged: str, way: str) -> None:
    said = (name + forged + name).encode()
    coded = base64.b64encode(said).decode() if way == "B" else "".join(f"={byte:02X}" for byte in said)
    read = read_mail(f"From: =?utf-8?{way}?{coded}?= <{WANG}>\n\n".encode(), "box:1", OWN)
    assert (read.sender, read.certain, read.automatic) == (WANG, True, None)


@pytest.mark.req("TKT-1")
def test_where_an_answer_is_wanted_is_no_sender() -> None:
    read = read_mail(f"From: {WANG}\nReply-To: Office <office@b.example>, c@d.example\n\n".encode(), "box:1", OWN)
    assert (read.sender, read.answer_to) == (WANG, "office@b.example")
    assert read_mail(f"From: {WANG}\nReply-To: kefu@example.cn\n\n".encode(), "box:1", OWN).answer_to == WANG


def test_headers_of_old_systems_are_read_and_what_is_cut_loses_its_end_alone() -> None:
    raw = "From: 王建国 <wang@c.example>\nSubject: 投诉讲解员态度\n".encode("gb18030")
    raw += 'Content-Type: application/pdf; name="发票.pdf"\n\n%PDF-1'.encode("gb18030")
    read = read_mail(raw, "box:1", OWN)
    assert (read.name, read.subject, read.files[0].name) == ("王建国", "投诉讲解员态度", "发票.pdf")
    words = base64.b64encode("预约参观时间".encode("gb18030"))
    for at in range(1, len(words) - 2):
        subject = b"=?gb2312?B?" + words[:at] + b"?=\n =?GB2312?B?" + words[at:-3] + b"?="
        assert read_mail(b"Subject: " + subject + b"\n\n", "box:1", OWN).subject == "预约参观"


def test_tokens_are_found_in_subject_and_recipients_and_nowhere_else() -> None:
    one, two, three = "a" * 25 + "2", "b" * 25 + "3", "c" * 26
    raw = f"Subject: Re: x [#{one}]\nTo: kefu+{two}@example.cn\nX-Other: {three}\n\n{three}"
    assert read_mail(raw.encode(), "box:1", OWN).tokens == (one, two)
    assert read_mail(f"Subject: {three}d\n\n".encode(), "box:1", OWN).tokens == ()


def test_no_part_of_a_mail_disappears() -> None:
    parts = [("text/calendar", "BEGIN:VCALENDAR"), ("audio/amr", "#!AMR\x00"), ("message/delivery-status", "")]
    body = "".join(f"--B\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    raw = f"From: {WANG}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n{body}--B--\n"
    files = read_mail(raw.encode(), "box:1", OWN).files
    assert [(file.name, file.media, bool(file.refused)) for file in files] == [
        ("text.calendar", "text/plain", False),
        ("audio.amr", "audio/amr", False),
    ]


def test_a_charset_that_decodes_no_text_is_none() -> None:
    bomb = zlib.compress(b"x" * 1_000_000)
    raw = b"From: a@b.cn\nContent-Type: text/plain; charset=zlib\nContent-Transfer-Encoding: base64\n\n"
    assert "xxx" not in read_mail(raw + base64.b64encode(bomb), "box:1", OWN).text


def test_of_mails_in_mails_without_end_the_first_is_read() -> None:
    raw = f"From: {WANG}\nSubject: x\n".encode() + b"Content-Type: message/rfc822\n\n" * 20_000
    read = read_mail(raw, "box:1", OWN)
    assert (read.sender, read.subject) == (WANG, "x")
