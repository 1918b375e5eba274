"""What `sanxiang up` is told on the command line, and the file by which other commands find the running system."""

import json
from dataclasses import dataclass
from pathlib import Path

from config.paths import DataDir
from ivr.pbx.private_files import write_private


@dataclass(frozen=True)
class Address:
    """A host and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """From `HOST:PORT`. Raises ValueError with words."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{text!r} is not HOST:PORT, for example 127.0.0.1:8080")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class UpOptions:
    """One run of `up`. `database_url` None: the embedded store under `data`; `audit_key` None: where the site says."""

    site: Path
    data: DataDir
    http: Address
    sip: Address
    media_address: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    database_url: str | None = None
    audit_key: Path | None = None


def write_system_file(options: UpOptions, sip: str, token: str) -> None:
    """Leave addresses and local token for `call`, `agent` and `token` (design §5), readable by the owner only."""
    scheme = "https" if options.certificate else "http"
    facts = {
        "http": f"{scheme}://{options.http}",
        "sip": sip,
        "site": str(options.site.resolve()),
        "token": token,
    }
    write_private(options.data.system_file, json.dumps(facts, indent=1))
