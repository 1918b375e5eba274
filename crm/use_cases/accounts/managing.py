"""Accounts as the API's people manage them (flow): the acts of people.py and passwords.py, by whoever asks. ACC-2."""

from crm.use_cases.accounts import passwords, people
from crm.use_cases.accounts.passwords import FirstPassword
from crm.use_cases.accounts.people import NewPerson
from crm.use_cases.cases import Ports
from crm.users.model import Account


async def add_person(ports: Ports, person: NewPerson) -> FirstPassword:
    """As `people.add_person`."""
    return await people.add_person(ports.store, person, who=ports.who)


async def reset_password(ports: Ports, name: str) -> FirstPassword:
    """As `people.reset_password`."""
    return await people.reset_password(ports.store, name, who=ports.who)


async def lock(ports: Ports, name: str) -> Account:
    """As `people.lock`."""
    return await people.lock(ports.store, name, who=ports.who)


async def unlock(ports: Ports, name: str) -> Account:
    """As `people.unlock`."""
    return await people.unlock(ports.store, name, who=ports.who)


async def retire(ports: Ports, name: str) -> Account:
    """As `people.retire`."""
    return await people.retire(ports.store, name, who=ports.who)


async def end_sessions(ports: Ports, name: str, only: str | None = None) -> int:
    """As `people.end_sessions`."""
    return await people.end_sessions(ports.store, name, only=only, who=ports.who)


async def change_password(ports: Ports, old: str, new: str, session: str | None) -> None:
    """One's own. As `passwords.change_password`."""
    await passwords.change_password(ports.store, ports.who.name, old, new, session=session, who=ports.who)
