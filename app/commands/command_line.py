"""What the commands of `sanxiang` share: their common options, and errors as words and exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.phone.errors import PhoneError
from app.run import main as hotline
from config.loading.load import SiteFaults
from config.words import one_line
from crm.errors import JournalFailed, JournalInUse, StoreAway
from ivr.pbx.prefix.errors import PbxError

DATA = Annotated[Path, typer.Option(help=one_line("运行数据目录", "the running system's data directory"))]
DEFAULT_DATA = Path("var/data")
SITE = Annotated[Path, typer.Option(help=one_line("站点目录", "the site's directory"))]
DEFAULT_SITE = Path("config/site")
JSON = Annotated[bool, typer.Option("--json", help=one_line("只输出一个 JSON", "one JSON object"))]


@contextmanager
def clear_errors(exit_code: int = 1) -> Iterator[None]:
    """What a person can do something about is said in words, without a traceback; then the exit code is this."""
    try:
        yield
    except SiteFaults as faults:
        for fault in faults.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(exit_code) from None
    except (
        hotline.AlreadyRunning,
        PbxError,
        PhoneError,
        JournalInUse,
        JournalFailed,
        StoreAway,
        OSError,
        ValueError,
    ) as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(exit_code) from None


@contextmanager
def telephones() -> Iterator[None]:
    """Imports that need the extra `phone` go into this: without it the command ends with the words that install it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in ("numpy", "aiosipua", "aiortp"):
            raise
        typer.echo(
            f"没有安装电话部分（缺 {missing.name}）：请运行 make setup，或 pip install 'sanxiang[phone]'\n"
            f"the telephones are not installed ({missing.name} is missing): run `make setup`, or "
            "`pip install 'sanxiang[phone]'`",
            err=True,
        )
        raise typer.Exit(1) from None
