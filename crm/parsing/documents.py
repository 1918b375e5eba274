"""What a file is, told by what is in it and not by what it is called (rules). TKT-3.

Nothing of a file is ever run or unpacked: of a document made of parts only the list of its parts is read.
"""

import re
import zipfile
from io import BytesIO
from typing import Final

from crm.intake.files import MEDIA, MOST_BYTES, FileRefused

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_ARCHIVES: Final = {
    ("[Content_Types].xml", "word/document.xml"): f"{_OFFICE}wordprocessingml.document",
    ("[Content_Types].xml", "xl/workbook.xml"): f"{_OFFICE}spreadsheetml.sheet",
    ("[Content_Types].xml", "ppt/presentation.xml"): f"{_OFFICE}presentationml.presentation",
    ("OFD.xml",): "application/ofd",
}
"""Parts that it must have → what it is. OFD: GB/T 33190."""
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS: Final = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
"""Of a document of Office 97 to 2003, the stream that is its content."""
_HEIC: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_STARTS: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x78\x9f\x3e\x22": "application/ms-tnef",
    b"#!AMR": "audio/amr",
}
_MOST_PARTS: Final = 5000
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def media_of(content: bytes) -> str:
    """The media type of a file that may be kept. Raises FileRefused."""
    if not content:
        raise FileRefused("the file is empty")
    if len(content) > MOST_BYTES:
        raise FileRefused(f"the file has more than {MOST_BYTES // 1024 // 1024} MB")
    for start, media in _STARTS.items():
        if content.startswith(start):
            return media
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "image/heic"
    if content.startswith(_COMPOUND):
        return _of_compound(content)
    if content.startswith(b"PK\x03\x04"):
        return _of_document(content)
    if _is_text(content):
        return "text/plain"
    raise FileRefused(f"kept are {', '.join(MEDIA.values())}; this file is none of them")


def _of_document(content: bytes) -> str:
    """A document made of parts, without macros; any other archive is refused."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.namelist()
    except Exception as exc:  # of a broken directory zipfile raises whatever its numbers lead it to
        raise FileRefused("the document is damaged") from exc
    if len(parts) > _MOST_PARTS:
        raise FileRefused("the document has too many parts")
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise FileRefused("documents with macros are not kept: save it without them")
    for needed, media in _ARCHIVES.items():
        if set(needed) <= set(parts):
            return media
    raise FileRefused("archives are not kept: send the files themselves")


def _of_compound(content: bytes) -> str:
    """By the names of its streams, of which nothing is opened. Macros are refused as elsewhere."""
    if _entry("_VBA_PROJECT") in content or _entry("Macros") in content:
        raise FileRefused("documents with macros are not kept: save it without them")
    for stream, media in _STREAMS.items():
        if _entry(stream) in content:
            return media
    raise FileRefused("the document is none of Word, Excel or PowerPoint")


def _entry(name: str) -> bytes:
    """As the directory has it: 64 bytes, then how many of them are the name with its end (MS-CFB 2.6.1)."""
    coded = name.encode("utf-16-le")
    return coded.ljust(64, b"\0") + (len(coded) + 2).to_bytes(2, "little")


def _is_text(content: bytes) -> bool:
    """Words in UTF-8 or GB 18030, without control characters."""
    if _CONTROLS.search(content):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
