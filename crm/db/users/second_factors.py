"""Second factors in the store. What a code proves says crm/users/second_factor.py; here each counts once. ACC-3."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.users import second_factor, user_account
from crm.users.second_factor import SecondFactor, Shown


class SecondFactorTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> SecondFactor | None:
        """Also one that was begun and never proved."""
        async with self._database.read() as connection:
            query = select(second_factor).where(second_factor.c.name == name)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else typed(SecondFactor, row, recovery=tuple(row.recovery.split()))

    async def begin(self, name: str, secret: str) -> bool:
        """A secret that is still to be proved, in place of another of that kind; False when there is a factor."""
        account = select(user_account.c.name).where(user_account.c.name == name)
        async with self._database.write() as connection:
            await connection.execute(account.with_for_update())  # one after the other
            unproved = (second_factor.c.name == name, second_factor.c.since.is_(None))
            await connection.execute(delete(second_factor).where(*unproved))
            known = select(second_factor.c.name).where(second_factor.c.name == name)
            if (await connection.execute(known)).one_or_none() is not None:
                return False
            await connection.execute(insert(second_factor).values(name=name, secret=secret))
        return True

    async def confirm(self, factor: SecondFactor, step: int, recovery: Sequence[str], now: datetime) -> bool:
        """It was proved by the code of this period; False when it is no longer the one that was begun."""
        begun = (
            second_factor.c.name == factor.name,
            second_factor.c.secret == factor.secret,
            second_factor.c.since.is_(None),
        )
        values = {"since": now, "last_step": step, "recovery": " ".join(recovery)}
        async with self._database.write() as connection:
            return (await connection.execute(update(second_factor).where(*begun).values(values))).rowcount == 1

    async def use_up(self, factor: SecondFactor, shown: Shown) -> bool:
        """What was shown counts this once; False when somebody has used it in between."""
        where = [second_factor.c.name == factor.name, second_factor.c.secret == factor.secret]
        if shown.kind == "app":
            where.append(second_factor.c.last_step < shown.step)
            values: dict[str, object] = {"last_step": shown.step}
        else:
            where.append(second_factor.c.recovery == " ".join(factor.recovery))
            values = {"recovery": " ".join(each for each in factor.recovery if each != shown.recovery)}
        async with self._database.write() as connection:
            return (await connection.execute(update(second_factor).where(*where).values(values))).rowcount == 1

    async def remove(self, name: str) -> bool:
        """Whether there was one, proved or not."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(second_factor).where(second_factor.c.name == name))
        return done.rowcount == 1
