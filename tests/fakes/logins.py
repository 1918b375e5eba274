"""People who can log in, each with a password that the tests know."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from config.paths import DataDir
from crm.db.store import Store
from crm.db.users.hashing import hash_password
from crm.users.model import SiteAgent

_MADE: dict[tuple[str, ...], bytes] = {}


def password_of(name: str) -> str:
    """The password that a person of the tests has chosen."""
    return f"ferry lantern {name} orchid"


async def let_people_log_in(store: Store, agents: Sequence[SiteAgent]) -> None:
    """Each of them has an account and has chosen a password, long before: the audit trail begins with the test."""
    hashes = {agent.id: await hash_password(password_of(agent.id)) for agent in agents}
    async with store.act() as act:
        for agent in agents:
            await act.users.add(agent, of_site=True)
            await act.users.set_password(agent.id, hashes[agent.id], until=None)


async def store_of_people(data: DataDir, agents: Sequence[SiteAgent]) -> None:
    """The embedded store of a new data directory, in which these people can log in; made once, copied for each test."""
    key = tuple(agent.id for agent in agents)
    if key not in _MADE:
        with TemporaryDirectory() as directory:
            made = DataDir(Path(directory))
            store = await Store.open(made.database_url)
            await let_people_log_in(store, agents)
            await store.close()
            _MADE[key] = made.database_file.read_bytes()
    data.root.mkdir(parents=True, exist_ok=True)
    data.database_file.write_bytes(_MADE[key])
