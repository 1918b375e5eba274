"""What Asterisk says to an operator: its console's answers, and the last lines of its logs (adapter)."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ivr.pbx.prefix.errors import AsteriskNotReady


async def ask_console(asterisk: Sequence[str], text: str, timeout_s: float) -> str:
    """Runs a command of Asterisk's console, returns what it printed. Raises AsteriskNotReady.

    `asterisk`: how this one is called, with its configuration.
    """
    console = await asyncio.create_subprocess_exec(
        *asterisk, "-rx", text, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await console.communicate()
    except TimeoutError as error:
        raise AsteriskNotReady(f"Asterisk did not answer `{text}` within {timeout_s:.0f} s") from error
    finally:
        # Also when we are cancelled: a hung Asterisk would keep its console waiting for ever.
        if console.returncode is None:
            console.kill()
            await console.wait()
    answer = output.decode(errors="replace").strip()
    if console.returncode != 0:
        raise AsteriskNotReady(f"Asterisk's console refused `{text}`: {answer}")
    return answer


def last_words(logs: Path) -> str:
    """The ends of its logs in this directory, as a sentence for whoever has to find out why it does not start."""
    lines: list[str] = []
    for name in ("console.log", "messages.log"):
        path = logs / name
        if path.exists():
            lines += path.read_text(errors="replace").splitlines()[-5:]
    return f"Its last words (in {logs}): " + (" / ".join(lines) or "none")
