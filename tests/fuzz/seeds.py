"""Sound inputs, and the pieces that hostile ones are made of."""

import base64
import io
import zipfile

from openpyxl import Workbook

WORDS = base64.b64encode("李华, <boss@city.example>".encode())

MAILS = [
    b"From: =?utf-8?B?" + WORDS + b"?= <a@b.example>\nSubject: =?gb2312?Q?=B9=D8=D3=DA?= [#" + b"a" * 26 + b"]\n"
    b"In-Reply-To: <1@x>\nReferences: <2@x> <3@x>\nDate: Mon, 30 Nov 2026 09:12:00 +0800\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/html; charset=gb2312\n\n'
    b"<p>\xcd\xb6\xcb\xdf<!--x--><script>y</script></p>\n"
    b"--B\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*0*=gb2312''%B7%A2;\n"
    b" filename*1*=%C6%B1.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--B--\n",
    "From: 王建国 <wang@c.example>\nSubject: 投诉\n\n正文".encode("gb18030"),
    b'From: all: a@b.example, (c) "d, e" <f@g.example>;\nSender: h@i.example\nReply-To: j@k.example\n\nx',
    b"From: a@b.example\nContent-Type: message/rfc822\n\nFrom: c@d.example\nContent-Type: multipart/alternative;"
    b" boundary=C\n\n--C\nContent-Type: text/plain; charset=utf-7; format=flowed\n\n+AGE-\n--C\n"
    b"Content-Type: text/calendar\nContent-Transfer-Encoding: quoted-printable\n\nBEGIN:=\nX\n--C--\n",
]
MAIL_PIECES = [
    *(
        b"<a ",
        b"<![",
        b"=?utf-8?B?",
        b"=?a?q?",
        b"?=",
        b"(",
        b'"\\',
        b"; a*0=",
        b"--B\n",
        b"\nContent-Type: text/html\n\n",
    ),
    *(
        b"\nContent-Type: multipart/mixed; boundary=B\n\n",
        b"\nFrom: ",
        b"\n\t",
        b"\r",
        b"\x00",
        b"\xff",
        b"charset=zlib;",
    ),
    *(b"<", b">", b"@", b",", b":", b";", b"[", b"&#99999999999;", b"<x@y.example>,", b"\nReferences: <", b"''%"),
]

PAGES = [
    "<html><head><title>t</title></head><body><p>您好&nbsp;<b title='a>b'>王</b><br>x</body></html>".encode(),
    b"<!DOCTYPE html><!-- x --><table><tr><td>1</td></tr></table><style>a{}</style><script>if(a<b){}</script>y",
]
PAGE_PIECES = [
    *(
        b"<a ",
        b"<!--",
        b"-->",
        b"<![",
        b"<?",
        b"</",
        b"<script>",
        b"</script",
        b"<title>",
        b"<head>",
        b"<p>",
        b'="',
        b"='",
    ),
    *(
        b"&",
        b"&#",
        b"&#x41;",
        b"&amp",
        b"<b a=b ",
        b"<b/",
        b"<svg><p>",
        b"\n",
        b" ",
        b"<template>",
        b"</p",
        b"\xf0\x9f",
    ),
]

_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"'
    b' t="inlineStr"><is><t>x</t></is></c><c r="B1"><v>13812345678</v></c></row></sheetData></worksheet>'
)


def workbook() -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in (["姓名", "电话"], ["王芳", 13812345678], ["=1+1", 1.5]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A sound workbook around a sheet that is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, xml if info.filename == "xl/worksheets/sheet1.xml" else old.read(info))
    return out.getvalue()


TABLES = [
    "姓名,电话\n王芳,13812345678\n".encode(),
    '姓名\t电话\n"王\t芳"\t13812345678\n'.encode("gb18030"),
    workbook(),
]
SHEETS = [_SHEET]
SHEET_PIECES = [
    *(
        b'<c r="XFD1048576"><v>1</v></c>',
        b'<row r="1048576">',
        b"<row>",
        b"<c>",
        b'<c t="s"><v>9999999999</v></c>',
        b"&#0;",
    ),
    *(
        b'<c t="e"><v>#N/A</v></c>',
        b"<f>1+1</f>",
        b"<v>1e999</v>",
        b'<c t="d"><v>x</v></c>',
        b"<!DOCTYPE x>",
        b"</row>",
    ),
    *(
        b'<mergeCell ref="A1:XFD9"/>',
        b'<c s="9999"><v>45000</v></c>',
        b'<c t="b"><v>x</v></c>',
        b"<is><t>",
        b"\xff",
        b" ",
    ),
]
TABLE_PIECES = [
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\t",
    b";",
    b"\x00",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\xff\xfe",
    b"=",
]

FILES = [workbook(), b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", "文字".encode("gb18030"), b"PK\x03\x04"]

NUMBERS = [
    each.encode()
    for each in ("+8613812345678", "0571-88886666转8001", "tel:110", "１３８１２３４５６７８", "95588", "")
]
NUMBER_PIECES = [
    each.encode()
    for each in ("+", "86", "0086", "转", "ext.", "-", " ", "(0)", "#", "*", "/", ";", "０", "\u200b", "١")
]

YAML_PIECES = [
    *(
        b"&a0 ",
        b"*a39",
        b"&a ",
        b"*a",
        b"- ",
        b"? ",
        b": ",
        b"{",
        b"[",
        b"!!python/object:os.system ",
        b"<<: *a",
        b"\n",
        b"\t",
        b"'",
        b'"',
    ),
    *(
        b"|\n",
        b">\n",
        b"---\n",
        b"...\n",
        b"%YAML 9.9\n",
        b"!!binary ",
        b"1e999",
        b"0x",
        b"2026-13-45",
        b"~",
        b"\xff",
        b"\x00",
    ),
]

LAUGHS = b"\n".join(
    [
        b"a0: &a0 {x: lol, y: [lol]}",
        *(b"a%d: &a%d {p: *a%d, q: [*a%d, *a%d]}" % (n, n, *[n - 1] * 3) for n in range(1, 40)),
    ]
)
"""Aliases that multiply: some thousand characters, more values than any memory holds."""
