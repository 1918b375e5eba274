"""Mails that could not be read, as they came, on our disk: for its owner alone, by names of ours (adapter). TKT-1."""

import os
import re
from pathlib import Path
from typing import Final
from uuid import uuid4

from ivr.pbx.private_files import make_private

_NAME: Final = re.compile(r"[0-9a-f]{32}")


class RawMails:
    """One directory, made when the first one comes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, raw: bytes) -> str:
        """The name under which it is kept; on disk when it returns. Raises OSError."""
        name = uuid4().hex
        make_private(self._directory)
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        return name

    def path(self, name: str) -> Path:
        """Raises ValueError for what is no name of ours: no path is ever made of other words."""
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"not the name of a mail: {name!r}")
        return self._directory / f"{name}.eml"

    def remove(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)
