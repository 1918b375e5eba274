"""Accounts of people in the store. What may become of one is said in crm/users and crm/use_cases/accounts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, exists, func, or_, select, update

from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.users import has_factor, in_force, user_account, user_session
from crm.db.users.devices import DeviceTable
from crm.db.users.second_factors import SecondFactorTable
from crm.db.users.sessions import SessionTable, still_valid, user_row
from crm.users.model import Account, AccountState, SiteAgent, User, Vouched, password_state


class Credential(NamedTuple):
    """What a password is compared with. `password_hash`: never shown, never logged."""

    account: Account
    user: User
    password_hash: str | None


class UserTable:
    """Who may log in; `sessions`, `devices` and `factors` are theirs. All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self.sessions = SessionTable(database)
        self.devices = DeviceTable(database)
        self.factors = SecondFactorTable(database)

    async def get(self, name: str) -> Account | None:
        """The account of that name, whatever has become of it."""
        async with self._database.read() as connection:
            row = (await connection.execute(self._accounts().where(user_account.c.name == name))).one_or_none()
        return None if row is None else self._account(row)

    async def list(self) -> tuple[Account, ...]:
        """All there ever were, by name."""
        async with self._database.read() as connection:
            rows = await connection.execute(self._accounts().order_by(user_account.c.name))
        return tuple(self._account(row) for row in rows)

    async def locked_list(self) -> tuple[Account, ...]:
        """As `list`, inside an act: nobody else changes an account until it ends."""
        async with self._database.write() as connection:
            await connection.execute(select(user_account.c.name).order_by(user_account.c.name).with_for_update())
        return await self.list()

    async def gone(self) -> frozenset[str]:
        """The names of those who have no rights any more."""
        async with self._database.read() as connection:
            return frozenset((await connection.execute(select(user_account.c.name).where(~in_force))).scalars())

    async def credential(self, name: str) -> Credential | None:
        """What somebody's password is compared with."""
        async with self._database.read() as connection:
            row = (await connection.execute(self._accounts().where(user_account.c.name == name))).one_or_none()
        return None if row is None else Credential(self._account(row), user_row(row), row.password_hash)

    async def add(self, person: SiteAgent, *, of_site: bool) -> None:
        """A new account, without a password; or an old one again, as the person is called now."""
        row = {
            "name": person.id,
            "display_name": person.name,
            "display_name_en": person.name_en,
            "role": person.role,
            "of_site": of_site,
            "listed": True,
        }
        async with self._database.write() as connection:
            await self._database.upsert(connection, user_account, [row], ["name"])

    async def unlist(self, names: Iterable[str]) -> None:
        """These stand in agents.yaml no more: nothing is open to them, as long as they do not."""
        gone = list(names)
        async with self._database.write() as connection:
            await connection.execute(update(user_account).where(user_account.c.name.in_(gone)).values(listed=False))
        await self.sessions.end_all(gone)

    async def set_state(self, name: str, state: AccountState) -> None:
        """Active, locked or retired."""
        async with self._database.write() as connection:
            await connection.execute(update(user_account).where(user_account.c.name == name).values(state=state))

    async def set_password(self, name: str, password_hash: str, *, until: datetime | None) -> None:
        """`until`: it is a one-time password, which opens nothing but the choice of another, and that until then."""
        values = {"password_hash": password_hash, "must_change": until is not None, "password_until": until}
        async with self._database.write() as connection:
            await connection.execute(update(user_account).where(user_account.c.name == name).values(values))

    async def clear_password(self, name: str) -> None:
        """No password is right any more."""
        values = {"password_hash": None, "must_change": False, "password_until": None}
        async with self._database.write() as connection:
            await connection.execute(update(user_account).where(user_account.c.name == name).values(values))

    async def logged_in(self, name: str, password_hash: str, now: datetime) -> bool:
        """Notes the time of a login; False when the password or the account has changed since it was compared."""
        unchanged = (user_account.c.name == name, user_account.c.password_hash == password_hash, in_force)
        async with self._database.write() as connection:
            done = await connection.execute(update(user_account).where(*unchanged).values(last_login_at=now))
        return done.rowcount == 1

    async def signed_on(self, person: Vouched, now: datetime) -> bool:
        """Notes the time of a single sign-on, and binds the account to who came by the first one; False when this is
        somebody else, or has another account. A binding holds at its own provider: the site's next one binds anew."""
        at, who, other = user_account.c.sign_on_issuer, user_account.c.sign_on_subject, user_account.alias()
        elsewhere = exists().where(
            other.c.name != person.name,
            other.c.sign_on_issuer == person.issuer,
            other.c.sign_on_subject == person.subject,
            other.c.state != "retired",
            other.c.listed,
        )
        own = (
            user_account.c.name == person.name,
            in_force,
            or_(at.is_(None), at != person.issuer, who == person.subject),
            ~elsewhere,
        )
        values = {"last_login_at": now, "sign_on_issuer": person.issuer, "sign_on_subject": person.subject}
        async with self._database.write() as connection:
            return (await connection.execute(update(user_account).where(*own).values(values))).rowcount == 1

    async def unbind(self, name: str) -> None:
        """The next single sign-on of that name binds the account again."""
        values = {"sign_on_issuer": None, "sign_on_subject": None}
        async with self._database.write() as connection:
            await connection.execute(update(user_account).where(user_account.c.name == name).values(values))

    def _accounts(self) -> Select[*tuple[Any, ...]]:
        held = select(func.count()).where(user_session.c.name == user_account.c.name, still_valid(self._clock()))
        return select(user_account, held.scalar_subquery().label("sessions"), has_factor.label("has_factor"))

    def _account(self, row: Row[Any]) -> Account:
        password = password_state(
            has_one=row.password_hash is not None,
            must_change=row.must_change,
            until=row.password_until,
            now=self._clock(),
        )
        return typed(Account, row, password=password)
