"""Who opens the pages to others without TLS is told so, loudly, in both languages; others are left alone. ACC-1"""

import logging
from pathlib import Path

import pytest

from app.process.options import Address, UpOptions
from app.run.front_door import warn_of_plain_http
from config.paths import DataDir

pytestmark = pytest.mark.req("ACC-1")


def said(host: str, certificate: Path | None = None) -> list[str]:
    http, sip = Address(host, 8080), Address("127.0.0.1", 5060)
    options = UpOptions(site=Path("site"), data=DataDir(Path("data")), http=http, sip=sip, certificate=certificate)
    lines: list[str] = []
    warn_of_plain_http(options, lines.append)
    return lines


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::7", "hotline.example.cn"])
def test_plain_http_beyond_this_machine_is_said_loudly_and_logged(host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    lines = said(host)
    assert len(lines) == 2 and all(line.startswith("!!! ") for line in lines)
    assert "未加密" in lines[0] and all("--cert" in line for line in lines)
    assert [record.__dict__["action"] for record in caplog.records] == ["plain_http"]


@pytest.mark.parametrize(
    ("host", "certificate"),
    [("127.0.0.1", None), ("127.8.0.1", None), ("::1", None), ("localhost", None), ("0.0.0.0", Path("cert.pem"))],
)
def test_loopback_and_tls_are_no_reason_to_shout(
    host: str, certificate: Path | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert said(host, certificate) == [] and not caplog.records
