"""Installing without a network: what is refused, what is kept, what is not done twice."""

import fcntl
import threading
from pathlib import Path

import pytest

from ivr.pbx.prefix import apt_fetch, install
from ivr.pbx.prefix.errors import AsteriskMissing, InstallFailed
from ivr.pbx.prefix.pins import Pin

HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def silent(_: str) -> None:
    """What installing says is not looked at here."""


@pytest.fixture
def no_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "has_apt", lambda: False)


@pytest.fixture
def no_system_asterisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)


def test_an_installed_prefix_is_returned_at_once(tmp_path: Path, no_apt: None) -> None:
    (tmp_path / "installed-version").write_text("22.10.1\n")

    assert install.install(None, tmp_path, silent) == tmp_path


def test_without_apt_the_error_says_what_to_do(tmp_path: Path, no_apt: None) -> None:
    with pytest.raises(InstallFailed, match=r"install Asterisk 22\.10\.1 or newer"):
        install.install(None, tmp_path / "prefix", silent)


def test_a_folder_with_other_things_is_never_installed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "has_apt", lambda: True)
    (tmp_path / "letters.txt").write_text("mine")

    with pytest.raises(InstallFailed, match="choose another --prefix"):
        install.install(None, tmp_path, silent)
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_an_architecture_without_pins_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(InstallFailed, match="riscv64"):
        install.install(None, None, silent)


def test_no_asterisk_at_all_names_the_command(
    tmp_path: Path, no_system_asterisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(AsteriskMissing, match="sanxiang pbx install"):
        install.find_asterisk()


def test_an_old_system_asterisk_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "asterisk"
    program.write_text("#!/bin/sh\necho 'Asterisk 20.6.0~dfsg'\n")
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda *_, **__: str(program))

    with pytest.raises(AsteriskMissing, match=r"is 20\.6\.0, older than 22\.10\.1"):
        install.find_asterisk()


def test_a_second_installation_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "has_apt", lambda: True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    target = tmp_path / "prefix"
    waiting = threading.Event()
    (tmp_path / "sanxiang").mkdir()
    with (tmp_path / "sanxiang/install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=install.install, args=(None, target, lambda _: waiting.set()))
        second.start()
        assert waiting.wait(5)
        # What the first one would have left behind: the second must take it, and not fetch anything.
        target.mkdir()
        (target / "installed-version").write_text("22.10.1\n")
    second.join(5)
    assert not second.is_alive()


def test_downloaded_files_with_the_right_sum_are_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = Pin("hello", "1", "all", 5, HELLO_SHA256)
    (tmp_path / pin.file_name).write_text("hello")
    monkeypatch.setattr(apt_fetch, "machine_mirror", lambda: pytest.fail("asked for a mirror"))

    apt_fetch.fetch([pin], tmp_path, "amd64", None, silent)


def test_a_download_with_another_sum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin = Pin("hello", "1", "all", 5, HELLO_SHA256)
    monkeypatch.setattr(apt_fetch, "_configure", lambda *_: None)
    monkeypatch.setattr(apt_fetch, "_apt", lambda *_: "")
    monkeypatch.setattr(apt_fetch, "_download", lambda home, *_: (home / pin.file_name).write_text("jello"))

    with pytest.raises(InstallFailed, match=r"hello_1_all\.deb .* not the pinned file"):
        apt_fetch.fetch([pin], tmp_path, "amd64", "http://mirror.example/debian", silent)
    assert not (tmp_path / pin.file_name).exists()
