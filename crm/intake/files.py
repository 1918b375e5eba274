"""Which files are kept with a ticket, and by which names. Rules. TKT-3. What a file is, crm.parsing.documents says."""

import re
from typing import Final

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_FILES: Final = 20
"""On one ticket."""
LONGEST_NAME: Final = 120

MEDIA: Final = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/ofd": "ofd",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/ms-tnef": "dat",
    "image/heic": "heic",
    "audio/amr": "amr",
}
"""What is kept → how its name ends."""
_NOT_IN_NAMES: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff\"*/:<>?\\|]+"
)


class FileRefused(ValueError):
    """A file that is not kept; the words say why and what is."""


def shown_name(name: str, media: str) -> str:
    """What the file is called from now on: its sender's name without a path or anything that means something to a
    machine, and the ending of what it is."""
    last = re.split(r"[/\\]", name)[-1]
    stem = _NOT_IN_NAMES.sub("", last).strip(" .")
    ending = MEDIA[media]
    known = {ending, "jpeg"} if ending == "jpg" else {ending}
    if stem.rpartition(".")[2].lower() in known and "." in stem:
        stem = stem.rpartition(".")[0].strip(" .")
    return f"{stem[:LONGEST_NAME] or 'file'}.{ending}"
