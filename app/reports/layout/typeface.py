"""The typeface that Chinese is printed in: it comes with the private Asterisk's packages, or from the system."""

from pathlib import Path
from typing import Final

from config.words import two_lines
from ivr.pbx.prefix.install import private_file

_FILE: Final = "usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
"""Of the package fonts-droid-fallback (Apache-2.0)."""


class TypefaceMissing(Exception):
    """There is no Chinese typeface to print with; says how to get one."""

    def __init__(self) -> None:
        super().__init__(
            two_lines(
                "没有可用于打印的中文字体：请运行 sanxiang pbx install，或安装系统软件包 fonts-droid-fallback",
                "no Chinese typeface to print with: run `sanxiang pbx install`, or install the package "
                "fonts-droid-fallback",
            )
        )


def typefaces() -> list[Path]:
    """The files that are there, best first."""
    return [file for file in (private_file(_FILE), Path("/") / _FILE) if file is not None and file.is_file()]
