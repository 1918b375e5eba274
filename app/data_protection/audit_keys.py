"""The file of the audit trail's keys (adapter): made at the first start, readable by its owner alone. ACC-5.

One key a line, in hexadecimal; the last one seals, the earlier ones stay so that what they sealed can be checked.
"""

import os
import secrets
from pathlib import Path

from config.schema import Site
from config.words import two_lines
from crm.audit.seals import KEY_BYTES, Key, Keys

_HEAD = """\
# Keys of the audit trail, one a line; the last one seals. Whoever has this file can forge the trail, and without it
# nobody can check it: keep it away from the database and the data directory, and keep a copy where only you reach it.
"""
_OTHERS = 0o007


def key_file(site: Site, option: Path | None) -> Path:
    """Where the keys are: as the command line or the environment says, or the site."""
    return (option or site.directory / site.audit.key).absolute()


def read_keys(file: Path) -> Keys:
    """The keys of a file. Raises ValueError for one that others may read or that holds no key, OSError."""
    if file.stat().st_mode & _OTHERS:
        raise ValueError(
            two_lines(
                f"任何人都能读取 {file}，请执行 chmod 600",
                f"{file} can be read by anybody: chmod 600 {file}",
            )
        )
    lines = [line.strip() for line in file.read_text(encoding="ascii").splitlines()]
    try:
        keys = Keys.of(*(bytes.fromhex(line) for line in lines if line and not line.startswith("#")))
    except ValueError as exc:
        raise ValueError(two_lines(f"{file} 不是审计密钥文件", f"{file} is no file of audit keys: {exc}")) from exc
    if keys.newest is None:
        raise ValueError(two_lines(f"{file} 里没有密钥", f"{file} holds no key"))
    return keys


def make_key_file(file: Path) -> bool:
    """Makes the file with a first key, unless it is there; whether it was made. Raises OSError, ValueError."""
    text = _HEAD + secrets.token_hex(KEY_BYTES) + "\n"
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _write(beside, text, os.O_TRUNC)
        os.link(beside, file)  # whole from its first moment, and never over one that is there
    except FileExistsError:
        return False
    except OSError as exc:
        raise ValueError(
            two_lines(
                f"无法生成审计密钥 {file}（{exc.strerror}）：请在 audit.yaml 的 key 指明可写的位置",
                f"the audit key {file} cannot be made ({exc.strerror}): name a place for it in audit.yaml or "
                "SANXIANG_AUDIT_KEY",
            )
        ) from exc
    finally:
        beside.unlink(missing_ok=True)
    return True


def add_key(file: Path) -> Key:
    """A new key from now on; a running system takes it within a minute. Raises OSError, ValueError."""
    read_keys(file)
    secret = secrets.token_bytes(KEY_BYTES)
    _write(file, secret.hex() + "\n", os.O_APPEND)
    return Key.of(secret)


def _write(file: Path, text: str, flag: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def warnings(file: Path, made: bool, data: Path) -> list[str]:
    """What whoever starts the system has to know of the key's place, in Chinese and English."""
    told = []
    if made:
        told += [
            f"审计密钥已生成：{file}。请移到数据库和数据目录之外，另存一份，并在 audit.yaml 的 key 中指明。",
            f"The audit trail's key was made: {file}. Move it away from database and data, keep a copy elsewhere, and "
            "name its place in audit.yaml (key).",
        ]
    if file.resolve().is_relative_to(data.resolve()):
        told += [
            f"审计密钥在数据目录内：{file}。得到数据的人也能伪造审计记录，请移走。",
            f"The audit trail's key lies with the data: {file}. Whoever has the data can forge the trail: move it.",
        ]
    return told
