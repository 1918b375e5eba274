"""A PostgreSQL of our own: initdb in a temporary directory, a free port of 127.0.0.1, started and stopped at will."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import psycopg


def _binary(name: str) -> str:
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is missing: install Debian's postgresql-15")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One cluster. It refuses to run as root, so root runs it as `postgres`. Durability is off: these are tests."""

    def __init__(self, directory: Path) -> None:
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(directory, self._user)
        self._data = directory / "data"
        self._log = directory / "log"
        self.port = _free_port()
        self._run(_binary("initdb"), "-D", self._data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
        self._databases = 0

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run(_binary("pg_ctl"), "-D", self._data, "-l", self._log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as if the machine had lost its power."""
        self._run(_binary("pg_ctl"), "-D", self._data, "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """The store URL of a fresh, empty database."""
        self._databases += 1
        name = f"store_{self._databases}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def _run(self, *command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
