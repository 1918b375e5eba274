"""What is known of a running Asterisk, kept in state.json (0600) for the next controller. Only load and save."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from config.paths import DataDir
from ivr.pbx.private_files import write_private
from ivr.pbx.processes import ProcessId
from ivr.pbx.settings import StartFacts

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PbxState:
    """`process` is None between the moment Asterisk is launched and the moment its pid is known."""

    facts: StartFacts
    version: str
    process: ProcessId | None


def state_file(data: DataDir) -> Path:
    """Where the state of this data directory's Asterisk lies."""
    return data.asterisk / "state.json"


def save_state(data: DataDir, state: PbxState) -> None:
    """Replaces the kept state in one step."""
    write_private(state_file(data), json.dumps(asdict(state), indent=1) + "\n")


def load_state(data: DataDir) -> PbxState | None:
    """The kept state; None when there is none, or it cannot be read (it is then logged and forgotten)."""
    file = state_file(data)
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        process = fields["process"]
        return PbxState(
            facts=StartFacts(**fields["facts"]),
            version=fields["version"],
            process=ProcessId(**process) if process is not None else None,
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("%s cannot be read and is ignored: %s", file, error, extra={"action": "pbx_state_unreadable"})
        return None
