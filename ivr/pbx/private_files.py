"""Files that only their owner may read, replaced in one step, and the SIP secrets kept in one."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from config.paths import DataDir


def write_private(path: Path, text: str) -> None:
    """Writes `path` with mode 0600; a reader, or a crash, sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    beside.replace(path)


def make_private(folder: Path) -> Path:
    """Makes a folder, and its parents, that only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def agent_secrets(data: DataDir, agents: Iterable[str]) -> dict[str, str]:
    """The SIP secret of each agent's telephone: random, made once, kept under --data for as long as that lives."""
    kept = _kept_secrets(data)
    wanted = {agent: kept.get(agent) or secrets.token_urlsafe(24) for agent in agents}
    if wanted.items() - kept.items():
        # Secrets of agents who are gone stay, so that a mistaken removal does not need every telephone set up again.
        _keep_secrets(data, {**kept, **wanted})
    return wanted


def new_agent_secret(data: DataDir, agent: str) -> str:
    """Another SIP secret for one agent's telephone, kept in place of the one before."""
    secret = secrets.token_urlsafe(24)
    _keep_secrets(data, {**_kept_secrets(data), agent: secret})
    return secret


def _kept_secrets(data: DataDir) -> dict[str, str]:
    file = _secrets_file(data)
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def _keep_secrets(data: DataDir, kept: dict[str, str]) -> None:
    write_private(_secrets_file(data), json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _secrets_file(data: DataDir) -> Path:
    return make_private(data.asterisk) / "agent-secrets.json"
