"""A copy of the demo site that tests break on purpose: an expected fault stands as a mark where it is expected."""

import re
from pathlib import Path

from config.loading.load import check_site

DEMO = Path(__file__).parents[3] / "config" / "site"
_MARK = re.compile("⟦([^⟧]*)⟧")


class Workshop:
    """`edit` writes texts with marks like `⟦unknown queue⟧hotlin`; `assert_faults` removes the marks and compares."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the only occurrence of `old` in a file."""
        path = self.directory / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        (self.directory / file).write_text(text, encoding="utf-8")

    def append(self, file: str, text: str) -> None:
        with (self.directory / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def assert_faults(self, *elsewhere: tuple[str, int, int, str]) -> None:
        """Exactly the marked faults (and those named `elsewhere`) are found, each at its exact line and column."""
        expected = {(file, line, column): message for file, line, column, message in elsewhere}
        for path in sorted(self.directory.rglob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            for index, mark in enumerate(_MARK.finditer(text)):
                before = _MARK.sub("", text[: mark.start()])
                place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
                key = (path.relative_to(self.directory).as_posix(), *place)
                assert key not in expected, f"two marks at {key} ({index})"
                expected[key] = mark[1]
            path.write_text(_MARK.sub("", text), encoding="utf-8")
        faults, site = check_site(self.directory)
        found = {(Path(f.file).relative_to(self.directory).as_posix(), f.line, f.column): f.message for f in faults}
        surplus = {key: text for key, text in found.items() if key not in expected}
        missing = {key: text for key, text in expected.items() if key not in found}
        assert not surplus and not missing, f"not expected: {surplus}\nnot found: {missing}"
        assert len(faults) == len(found), f"two faults at one place: {[str(fault) for fault in faults]}"
        wrong = [(key, found[key], text) for key, text in expected.items() if text not in found[key]]
        assert not wrong, f"(place, found, expected part): {wrong}"
        assert site is None
