"""The one way to the database: engines, transactions, driver errors translated. No tables, no queries. Design D5."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self
from urllib.parse import quote

from sqlalchemy import URL, Engine, Executable, NullPool, Table, create_engine, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crm.errors import StoreAway

DRIVERS: Final = ("sqlite+aiosqlite", "postgresql+psycopg")
CONNECT_TIMEOUT_S: Final = 3
POOL_SIZE: Final = 8
WRITES: Final = "sanxiang_writes"
"""Execution option of a connection: True where transactions write, None where there are none."""
_DISCREET: Final[dict[str, Any]] = {"hide_parameters": True}
"""Errors repeat no names and numbers (CUS-4): they end in a log."""
_SQLITE_AWAY: Final = ("locked", "unable to open", "disk i/o error", "disk is full", "readonly")


@dataclass
class _Act:
    """A transaction that several queries share."""

    connection: AsyncConnection
    at_end: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    failure: Exception | None = None


class Database:
    """Read and write transactions on SQLite or PostgreSQL. Whatever means "not there now" is raised as StoreAway.

    `prepare` (the migrations) runs before the first transaction, and again until it has succeeded once: a store that is
    away when the system starts is no different from one that goes away later.
    """

    def __init__(
        self,
        url: str,
        prepare: Callable[["Database"], Awaitable[None]],
        *,
        busy_timeout_s: float,
        read_only: bool = False,
    ) -> None:
        self.url = make_url(url)
        if self.url.drivername not in DRIVERS:
            raise ValueError(f"store URL {self.url.drivername!r}: name the driver, one of {', '.join(DRIVERS)}")
        self.dialect = self.url.get_backend_name()
        self._busy_timeout_s = busy_timeout_s
        self._engine = make_engine(self.url, busy_timeout_s, read_only=read_only)
        self._prepare = prepare
        self._prepared = False
        self.away: str | None = None
        """What the last transaction failed with, when the database was away for it."""
        self._act: _Act | None = None
        self._after_commit: dict[int, list[Callable[[], None]]] = {}
        """What waits for a transaction's commit, by its connection."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads. Raises StoreAway."""
        async with self._transaction(writes=False) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: committed when the block ends, rolled back by any exception. Raises StoreAway."""
        async with self._transaction(writes=True) as connection:
            yield connection

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Self]:
        """One transaction for all that is asked of the yielded database: several writes that are one act.

        Committed when the block ends, rolled back by any exception, also by one that the block has caught: what failed
        halfway comes out at the end again. Inside, ask the yielded one alone: another transaction would wait for this.
        Raises StoreAway.
        """
        if self._act is not None:
            yield self
            return
        async with self.write() as connection:
            part = copy(self)
            part._act = act = _Act(connection)
            yield part
            if act.failure is not None:
                raise act.failure
            for last in act.at_end:
                await last()

    def at_end_of_act(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Puts off work to just before an act is committed; False when this is none: do it now."""
        if self._act is not None:
            self._act.at_end.append(work)
        return self._act is not None

    def after_commit(self, connection: AsyncConnection, work: Callable[[], None]) -> None:
        """Does this when the transaction of a connection is committed, and never when it is rolled back."""
        self._after_commit.setdefault(id(connection), []).append(work)

    async def prepare(self) -> None:
        """Makes the database ready, once. Raises StoreAway."""
        if not self._prepared:
            with self.translated():
                await self._prepare(self)
            self._prepared = True

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raises StoreAway for every error that means that the database cannot be used at the moment."""
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, OSError) as error:
            if self._is_away(error):
                self.away = f"the {self.dialect} store is away: {_first_line(error)}"
                raise StoreAway(self.away) from error
            raise
        self.away = None

    async def upsert(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
    ) -> None:
        """Inserts rows, or overwrites all other columns of those that are there. All rows name the same columns."""
        if rows:
            await connection.execute(_upsert(self.dialect, table, tuple(rows[0]), tuple(keys)), list(rows))

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
    ) -> None:
        """Inserts the rows whose keys are not there yet and leaves the others as they are."""
        if rows:
            await connection.execute(_insert_new(self.dialect, table, tuple(keys)), list(rows))

    def plain_engine(self, *, writes: bool) -> Engine:
        """An engine for one thread (crm.db.base.worker): one connection, and none of asyncio's cost."""
        return make_plain_engine(self.url, self._busy_timeout_s, writes=writes)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        if self._act is not None:
            try:
                yield self._act.connection
            except Exception as error:
                self._act.failure = error
                raise
            return
        await self.prepare()
        cancelled = _cancellation_watch()
        try:
            with self.translated():
                async with self._engine.connect() as connection:
                    if writes:
                        await connection.execution_options(**{WRITES: True})
                    dropped = _dropped_if(connection, cancelled)
                    try:
                        async with dropped, connection.begin(), _dropped_if(connection, cancelled):
                            yield connection
                    except BaseException:
                        self._after_commit.pop(id(connection), None)
                        raise
                    for work in self._after_commit.pop(id(connection), ()):
                        work()
        except Exception as error:
            if cancelled():
                raise asyncio.CancelledError from error
            raise

    def _is_away(self, error: Exception) -> bool:
        if not isinstance(error, exc.DBAPIError) or error.connection_invalidated:
            return True
        if self.dialect == "sqlite":
            words = str(error.orig).lower()
            return isinstance(error, exc.OperationalError) and any(sign in words for sign in _SQLITE_AWAY)
        return isinstance(error, exc.OperationalError | exc.InterfaceError)


def _cancellation_watch() -> Callable[[], bool]:
    """Says whether the running task was cancelled since."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    return lambda: task is not None and task.cancelling() > before


@asynccontextmanager
async def _dropped_if(connection: AsyncConnection, cancelled: Callable[[], bool]) -> AsyncIterator[None]:
    """Closes the connection of a task that was cancelled, and sees to it that the task ends as cancelled.

    A cancellation in the middle of a pipeline leaves the PostgreSQL driver out of step with the server: whoever got
    that connection next would read somebody else's answers. And it may come out of the driver as some other error.
    """
    try:
        yield
    finally:
        if cancelled():
            await connection.invalidate()
            raise asyncio.CancelledError


# Statements are made once: SQLAlchemy copies every column of a table for `excluded`, and that on each event would cost
# more than all else that is done for it.


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> Executable:
    statement = _insert(dialect, table)
    kept = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=kept)


@cache
def _insert_new(dialect: str, table: Table, keys: tuple[str, ...]) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=list(keys))


class _RollingBack(sqlite3.Connection):
    """Rolls back before it closes.

    SQLite keeps a closed connection, and its lock on the file, for as long as a statement of it is alive; the traceback
    of a cancelled task keeps one alive, and then nobody could write any more.
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


def make_engine(
    url: URL, busy_timeout_s: float, *, for_migrations: bool = False, read_only: bool = False
) -> AsyncEngine:
    """An engine for one of DRIVERS. For migrations: one connection, no foreign keys on SQLite (which alters a table by
    copying and dropping it), no time limit per statement on PostgreSQL. `read_only`: the database refuses writes."""
    pool: dict[str, Any] = {"poolclass": NullPool} if for_migrations else {"pool_size": POOL_SIZE}
    pool |= _DISCREET
    if url.get_backend_name() == "sqlite":
        if read_only:
            url = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
        engine = create_async_engine(url, connect_args=_sqlite_arguments(busy_timeout_s), **pool)
        _prepare_sqlite(engine.sync_engine, busy_timeout_s, foreign_keys=not for_migrations, read_only=read_only)
        return engine
    if not for_migrations:
        # No pool_pre_ping: a cancellation during the ping leaves a busy connection in the pool. Without it the first
        # transaction after a restart of the server is StoreAway, and that empties the pool.
        pool["pool_timeout"] = busy_timeout_s
    arguments = _postgresql_arguments(busy_timeout_s, limited=not for_migrations, read_only=read_only)
    return create_async_engine(url, connect_args=arguments, **pool)


def make_plain_engine(url: URL, busy_timeout_s: float, *, writes: bool) -> Engine:
    """The same database without asyncio: for transactions that write, or for statements that read, each for itself."""
    sqlite_ = url.get_backend_name() == "sqlite"
    arguments = _sqlite_arguments(busy_timeout_s) if sqlite_ else _postgresql_arguments(busy_timeout_s, limited=True)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite") if sqlite_ else url,
        connect_args=arguments,
        execution_options={WRITES: True} if writes else {WRITES: None, "isolation_level": "AUTOCOMMIT"},
        pool_size=1,
        max_overflow=0,
        **_DISCREET,
    )
    if sqlite_:
        # What is written in bulk comes from the journal, which is on the disk: what is undone is written again.
        _prepare_sqlite(engine, busy_timeout_s, foreign_keys=True, lasting=False)
    return engine


def _sqlite_arguments(busy_timeout_s: float) -> dict[str, Any]:
    return {"timeout": busy_timeout_s, "factory": _RollingBack}


def _postgresql_arguments(busy_timeout_s: float, *, limited: bool, read_only: bool = False) -> dict[str, Any]:
    settings = {"TimeZone": "UTC", "lock_timeout": f"{int(busy_timeout_s * 1000)}ms"}
    if read_only:
        settings["default_transaction_read_only"] = "on"
    if limited:
        # A worker that stops in the middle of a transaction must not hold up the others for ever.
        settings |= {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "10s"}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {"connect_timeout": CONNECT_TIMEOUT_S, "options": options}


def _prepare_sqlite(
    engine: Engine, busy_timeout_s: float, *, foreign_keys: bool, lasting: bool = True, read_only: bool = False
) -> None:
    """`lasting`: a commit is on the disk when it returns; else a power failure may undo the last ones, whole."""

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # the driver shall not begin transactions: we do, below
        cursor = raw.cursor()
        for pragma in (
            f"busy_timeout={int(busy_timeout_s * 1000)}",
            "query_only=ON" if read_only else "journal_mode=WAL",
            f"synchronous={'FULL' if lasting else 'NORMAL'}",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that began as a reader and then writes can fail at once when another one wrote: so say it first.
        writes = connection.get_execution_options().get(WRITES, False)
        if writes is not None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _first_line(error: Exception) -> str:
    words = str(getattr(error, "orig", None) or error)
    return words.splitlines()[0] if words else type(error).__name__
