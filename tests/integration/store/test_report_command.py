"""`sanxiang report` on a store with a call: what it says, who would get it, and with --send who got it. RPT-3."""

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from app.cli import app
from crm.db.store import Store
from crm.journal.journal import Journal
from tests.fakes.call_story import DAY, answered_call
from tests.integration.store.projecting import project_all
from tests.unit.config.workshop import DEMO

pytestmark = pytest.mark.req("RPT-3")


@pytest.fixture
def robot() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A group's robot on loopback: its address, and what it was told."""
    heard: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def asked(store: Store, store_url: str, journal: Journal, tmp_path: Path) -> list[str]:
    """The command's words for a site that sends its daily report to two names, of which one has an address."""
    for event in answered_call("c1", journal.next_ticket_number(DAY)):
        journal.append(event)
    await project_all(journal, store)
    site = tmp_path / "site"
    shutil.copytree(DEMO, site)
    (site / "reports.yaml").write_text("send_to: {daily: [group, office]}\n")
    data = str(tmp_path)
    return ["report", "daily", "--day", DAY.isoformat(), "--site", str(site), "--data", data, "--database", store_url]


def test_a_report_is_tried_and_sent_only_when_told(
    asked: list[str], robot: tuple[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    url, heard = robot
    (tmp_path / "report-addresses").write_text(f"group = {url}\n")
    tried = CliRunner().invoke(app, [*asked, "--into", str(tmp_path / "out")])
    assert (tried.exit_code, heard) == (1, []), "an address is missing, and nothing was sent"
    assert "客户服务日报 daily-2026-11-22" in tried.stdout
    assert "来电数 1" in tried.stdout
    assert "group: 有地址，未发送" in tried.stdout
    assert "office:" in tried.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"daily-2026-11-22.pdf", "daily-2026-11-22.xlsx"}
    (tmp_path / "report-addresses").write_text(f"group = {url}\noffice = {url}\n")
    sent = CliRunner().invoke(app, [*asked, "--send"])
    assert (sent.exit_code, sent.stdout.count("已发送")) == (0, 2), sent.output
    assert [len(told["attachments"]) for told in heard] == [2, 2]  # type: ignore[arg-type]
    assert "来电数 1" in str(heard[0]["message"])


def test_what_was_asked_wrongly_is_said(tmp_path: Path) -> None:
    for words, told in (
        (["report", "yearly"], "daily, weekly, monthly"),
        (["report", "daily", "--day", "27.11.2026"], "2026-11-27"),
        (["report", "daily", "--data", str(tmp_path)], "--data"),
    ):
        answer = CliRunner().invoke(app, [*words, "--site", str(DEMO)])
        assert answer.exit_code == 1
        assert told in answer.stderr
