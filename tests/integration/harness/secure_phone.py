"""A telephone that is not ours and speaks SIP over TLS and SRTP: baresip with one account, answering by itself."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.integration.harness.api import until
from tests.integration.harness.processes import Program

HOST = "127.0.0.21"
REGISTERS_S = 20.0
MODULES = ("stdio", "g711", "srtp", "ausine", "aubridge")


async def certify(directory: Path, name: str) -> None:
    """A certificate of its own authority for 127.0.0.1: `<name>.crt` and `<name>.key`."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 "
    command += f"-addext subjectAltName=IP:127.0.0.1 -out {directory}/{name}.crt -keyout {directory}/{name}.key"
    await asyncio.to_thread(
        subprocess.run,
        command.split(),
        check=True,
        capture_output=True,
    )


@asynccontextmanager
async def secure_phone(
    directory: Path, account: dict[str, Any], authority: Path, tone_hz: int, *, encrypts: bool = True
) -> AsyncIterator[Program]:
    """Registered; `encrypts` False: over TLS, but with plain audio."""
    home = directory / f"baresip-{account['username']}"
    home.mkdir()
    port = "transport=tls"
    media = "mediaenc=srtp-mand;" if encrypts else ""
    (home / "accounts").write_text(
        f"<sip:{account['username']}@{account['sip_tls']};{port}>;auth_pass={account['secret']};{media}"
        "answermode=auto;regint=60;audio_codecs=PCMA\n"
    )
    (home / "contacts").touch()
    (home / "config").write_text(
        "\n".join(
            [
                f"sip_listen {HOST}:0",
                f"sip_cafile {authority}",
                "sip_verify_server yes",
                f"audio_source ausine,{tone_hz}",
                "audio_player aubridge,ear",
                "audio_alert aubridge,bell",
                "module_path /usr/lib/baresip/modules",
                *(f"module {name}.so" for name in MODULES),
                "module_tmp account.so",
                "module_app menu.so",
                "",
            ]
        )
    )
    async with Program(["baresip", "-f", home, "-v"], directory / home.name) as phone:

        async def registered() -> bool | None:
            assert phone.runs, phone.last_words()
            said = phone.said() + phone.complained()
            assert "reg: " not in said or "failed" not in said, said[-2000:]
            return True if "registered successfully" in said else None

        await until(registered, REGISTERS_S, f"baresip's {account['username']}")
        yield phone
