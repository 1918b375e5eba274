"""What still may be written while the disk fills (rules): recordings stop first, then mail, then voice messages, calls
last. OPS-7"""

from dataclasses import dataclass, field
from typing import Final, Literal

from config.calls.disk import DiskRules

Use = Literal["recordings", "mail", "messages", "calls"]
USES: Final[tuple[Use, ...]] = ("recordings", "mail", "messages", "calls")
MEGABYTE: Final = 1_000_000
MORE: Final = 1.25
"""What has stopped begins again once so many times its limit is free: not to and fro at the limit."""


@dataclass(frozen=True)
class Change:
    """`warned`: it will soon be short."""

    warned: bool | None = None
    stopped: tuple[Use, ...] = ()
    resumed: tuple[Use, ...] = ()

    def __bool__(self) -> bool:
        return self.warned is not None or bool(self.stopped or self.resumed)


@dataclass
class Space:
    """What is known of the disk. Everything is allowed until it was looked at."""

    rules: DiskRules = field(default_factory=DiskRules)
    free_bytes: int | None = None
    warned: bool = False
    stopped: frozenset[Use] = frozenset()

    def allows(self, use: Use) -> bool:
        """Whether more of this may be written."""
        return use not in self.stopped

    def look(self, free_bytes: int) -> Change:
        """What changes with so much free."""
        self.free_bytes = free_bytes
        limits: dict[Use, int] = {
            "recordings": self.rules.recordings_mb,
            "mail": self.rules.mail_mb,
            "messages": self.rules.messages_mb,
            "calls": self.rules.calls_mb,
        }
        before = self.stopped
        self.stopped = frozenset(use for use in USES if self._is_short(limits[use], use in before))
        warned, self.warned = self.warned, self._is_short(self.rules.warned_mb, self.warned)
        return Change(
            warned=self.warned if warned != self.warned else None,
            stopped=tuple(use for use in USES if use in self.stopped - before),
            resumed=tuple(use for use in USES if use in before - self.stopped),
        )

    def status(self) -> dict[str, object]:
        """For `/status`: not up once anything has stopped."""
        return {
            "up": not self.stopped,
            "free_mb": None if self.free_bytes is None else self.free_bytes // MEGABYTE,
            "warned": self.warned,
            "stopped": [use for use in USES if use in self.stopped],
        }

    def _is_short(self, limit_mb: int, already: bool) -> bool:
        assert self.free_bytes is not None
        return self.free_bytes < limit_mb * MEGABYTE * (MORE if already else 1)
