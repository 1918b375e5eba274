"""The demo site, to be broken by tests."""

import re
import shutil
import wave
from pathlib import Path

import pytest

from config.loading.system_prompts import SYSTEM_PROMPTS
from tests.unit.config.workshop import DEMO, Workshop


@pytest.fixture(scope="session")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tenth of a second of nothing, in the form that prompts have."""
    path = tmp_path_factory.mktemp("sounds") / "silence.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return path


@pytest.fixture(scope="session")
def sound_site(tmp_path_factory: pytest.TempPathFactory, silence: Path) -> Path:
    """The demo site with its own files, but with silent prompts, so that nothing depends on the voice."""
    directory = tmp_path_factory.mktemp("sound") / "site"
    shutil.copytree(DEMO, directory, ignore=lambda _, names: [name for name in names if name == "prompts"])
    _without_linkage(directory)
    sounds = directory / "prompts" / "zh"
    sounds.mkdir(parents=True)
    demo_prompts = (DEMO / "prompts" / "prompts.yaml").read_text(encoding="utf-8")
    needed = sorted(SYSTEM_PROMPTS | set(re.findall(r"^  ([a-z0-9-]+):$", demo_prompts, re.MULTILINE)))
    shutil.copyfile(silence, sounds / "silent.wav")
    for name in needed:
        (sounds / f"{name}.wav").symlink_to(silence)
    shutil.copytree(sounds, sounds.parent / "en", symlinks=True)
    entries = "".join(f"  {name}: *silent\n" for name in needed)
    silent = "  silent: &silent {zh: 无声, en: silence, own: true, en_own: true}\n"
    (directory / "prompts" / "prompts.yaml").write_text(f"prompts:\n{silent}{entries}", encoding="utf-8")
    return directory


def _without_linkage(directory: Path) -> None:
    """Overflow and duty are left to the tests that are about them."""
    queues, settings = directory / "queues.yaml", directory / "site.yaml"
    text = re.sub(r"^    (?:overflow|level): .*\n", "", queues.read_text(encoding="utf-8"), flags=re.MULTILINE)
    queues.write_text(text, encoding="utf-8")
    text = re.sub(r"^duty:.*\n(?: .*\n)+\n", "", settings.read_text(encoding="utf-8"), flags=re.MULTILINE)
    settings.write_text(text, encoding="utf-8")


@pytest.fixture
def workshop(tmp_path: Path, sound_site: Path) -> Workshop:
    """A copy of it, to be broken."""
    return Workshop(Path(shutil.copytree(sound_site, tmp_path / "site", symlinks=True)))
