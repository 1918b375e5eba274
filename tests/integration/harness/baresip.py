"""baresip as a telephone that registers over TLS; what it said and was told, in clear, since it traces its SIP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from app.phone.sound.audio import Samples, tone
from app.phone.sound.wav import write_wav
from tests.integration.harness.api import until
from tests.integration.harness.processes import Program

HOST = "127.0.0.21"
MODULES = Path("/usr/lib/baresip/modules")
LONGEST_TALK_S = 60.0
WAV_HEADER = 44

CONFIG = """\
sip_listen {host}:0
net_interface {host}
sip_cafile {authority}
sip_verify_server yes
audio_source aufile,{tone}
audio_player aubridge,ear
audio_alert aubridge,bell
snd_path {directory}
module_path {modules}
module g711.so
module srtp.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
"""


@dataclass(frozen=True)
class BaresipAccount:
    """`media`: `srtp-mand` offers and takes SRTP alone, `none` plain RTP alone."""

    server: tuple[str, int]
    username: str
    secret: str
    authority: Path
    media: Literal["srtp-mand", "none"]
    tone_hz: float


class Baresip:
    """A running one, in a directory of its own."""

    def __init__(self, program: Program, directory: Path) -> None:
        self.program = program
        self._directory = directory

    async def says(self, pattern: str, timeout_s: float, what: str) -> re.Match[str]:
        """The first match in its trace, once it is there. Raises AssertionError."""

        async def said() -> re.Match[str] | None:
            found = re.search(pattern, self.program.said())
            assert found or self.program.runs, self.program.last_words()
            return found

        try:
            return await until(said, timeout_s, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.program.last_words()}") from None

    def heard(self) -> Samples:
        """What it decoded so far, mono at 8 kHz. The header of the WAV is filled in at the end only."""
        (file,) = self._directory.glob("dump-*-dec.wav")
        sound = file.read_bytes()[WAV_HEADER:]
        return np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2").astype(np.int16)


def _prepare(directory: Path, account: BaresipAccount) -> None:
    """Its files: a sound to send, its configuration, its account."""
    directory.mkdir()
    write_wav(directory / "tone.wav", tone(account.tone_hz, LONGEST_TALK_S))
    host, port = account.server
    encryption = "" if account.media == "none" else f";mediaenc={account.media}"
    (directory / "config").write_text(
        CONFIG.format(
            host=HOST,
            authority=account.authority,
            tone=directory / "tone.wav",
            directory=directory,
            modules=MODULES,
        ),
        encoding="utf-8",
    )
    (directory / "accounts").write_text(
        f"<sip:{account.username}@{host}:{port};transport=tls>;auth_pass={account.secret}{encryption}"
        ";answermode=auto;regint=60;audio_codecs=PCMA/8000/1\n",
        encoding="utf-8",
    )
    (directory / "contacts").touch()


@asynccontextmanager
async def baresip(directory: Path, account: BaresipAccount, *commands: str) -> AsyncIterator[Baresip]:
    """A telephone that is registered; `commands` are keyed in at its start. It answers by itself."""
    _prepare(directory, account)
    keyed = [word for command in commands for word in ("-e", command)]
    async with Program(["baresip", "-4", "-s", "-f", directory, *keyed], directory / "program") as program:
        telephone = Baresip(program, directory)
        await telephone.says(r"SIP/2\.0 200 OK[^\0]+?CSeq: \d+ REGISTER", 15, f"{account.username} to be registered")
        yield telephone
