"""What a file is, told by what is in it and not by what it is called (rules). TKT-3.

Nothing of a file is ever run or unpacked: of a document made of parts only the list of its parts is read.
"""

import re
import zipfile
from io import BytesIO
from typing import Final

from crm.intake.files import MEDIA, MOST_BYTES, FileRefused

_WORD, _SHEET = list(MEDIA)[3:5]
_STARTS: Final = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
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
    if content.startswith(b"PK\x03\x04"):
        return _of_document(content)
    if _is_text(content):
        return "text/plain"
    raise FileRefused(f"kept are {', '.join(MEDIA.values())}; this file is none of them")


def _of_document(content: bytes) -> str:
    """A Word document or a sheet, without macros; any other archive is refused."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.namelist()
    except Exception as exc:  # of a broken directory zipfile raises whatever its numbers lead it to
        raise FileRefused("the document is damaged") from exc
    if len(parts) > _MOST_PARTS:
        raise FileRefused("the document has too many parts")
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise FileRefused("documents with macros are not kept: save it without them")
    if "[Content_Types].xml" in parts and "word/document.xml" in parts:
        return _WORD
    if "[Content_Types].xml" in parts and "xl/workbook.xml" in parts:
        return _SHEET
    raise FileRefused("archives are not kept: send the files themselves")


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
