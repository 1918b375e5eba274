"""Where things lie under `--data`: one class, so that no other module joins path names. It reads and writes nothing."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataDir:
    """The layout of a running system's data directory (`sanxiang up --data DIR`)."""

    root: Path

    @property
    def system_file(self) -> Path:
        """Addresses and the local token of the running system, 0600; how other commands find it."""
        return self.root / "system.json"

    @property
    def sign_on_secret(self) -> Path:
        """The secret of this client at the provider of single sign-on: one line, 0600 (ACC-3)."""
        return self.root / "single-sign-on-secret"

    @property
    def one_time_passwords(self) -> Path:
        """One-time passwords until they are handed out, 0600 (ACC-1)."""
        return self.root / "one-time-passwords"

    @property
    def shared_password(self) -> Path:
        """Everybody's first password in earlier versions: opens nothing any more, and is removed."""
        return self.root / "initial-password"

    @property
    def lock_file(self) -> Path:
        """Held (flock) by the one controller of this directory."""
        return self.root / "controller.lock"

    @property
    def asterisk(self) -> Path:
        """etc/, run/, log/, spool/ and state.json of this directory's Asterisk."""
        return self.root / "asterisk"

    @property
    def journal(self) -> Path:
        """Append-only call journal; the truth until the store has it (design D5)."""
        return self.root / "journal"

    @property
    def recordings(self) -> Path:
        """Talk recordings, kept for the site's retention time (TEL-10)."""
        return self.root / "recordings"

    @property
    def messages(self) -> Path:
        """Messages left by callers, also those taken while the controller was away."""
        return self.root / "messages"

    @property
    def attachments(self) -> Path:
        """Files on tickets, under names of our own."""
        return self.root / "attachments"

    @property
    def audit_heads(self) -> Path:
        """The last seal of each day of the audit trail, a line a day, so that a tail cut off shows (CUS-4)."""
        return self.root / "audit-heads.log"

    @property
    def audit_last(self) -> Path:
        """The row of the audit trail that was written last, signed, so that a tail cut off today shows too (ACC-5)."""
        return self.root / "audit-last.json"

    @property
    def audit_sent(self) -> Path:
        """To whom the ends of which days have been sent, `name day` a line."""
        return self.root / "audit-heads-sent"

    @property
    def mail_password(self) -> Path:
        """The mailbox's password, 0600; never in a site's files."""
        return self.root / "mail-password"

    @property
    def raw_mails(self) -> Path:
        """Mails that could not be read, as they came, 0600."""
        return self.root / "mail-aside"

    @property
    def reports(self) -> Path:
        """Reports on file."""
        return self.root / "reports"

    @property
    def report_addresses(self) -> Path:
        """To whom reports go, `name = URL` a line: it holds passwords, so it is the operator's own file."""
        return self.root / "report-addresses"

    @property
    def clock_file(self) -> Path:
        """What time it was when we looked last: the next controller goes on from there (F21)."""
        return self.root / "clock.json"

    @property
    def database_url(self) -> str:
        """The embedded store, used when the site names no other."""
        return f"sqlite+aiosqlite:///{self.database_file}"

    @property
    def database_file(self) -> Path:
        return self.root / "sanxiang.db"
