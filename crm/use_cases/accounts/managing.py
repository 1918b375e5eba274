"""Accounts as the API's people manage them (flow): the acts of people.py, passwords.py and second_factor.py, by whoever
asks. ACC-2, ACC-3."""

from crm.use_cases.accounts import passwords, people, second_factor
from crm.use_cases.accounts.passwords import FirstPassword
from crm.use_cases.accounts.people import NewPerson
from crm.use_cases.accounts.second_factor import Enrolment
from crm.use_cases.cases import Ports
from crm.users.model import Account, Place


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


async def confirm_password(ports: Ports, password: str, session: str | None, address: str) -> bool:
    """One's own. As `passwords.confirm_password`."""
    return await passwords.confirm_password(ports.store, password, session=session, address=address, who=ports.who)


async def begin_second_factor(ports: Ports) -> Enrolment:
    """One's own. As `second_factor.begin_second_factor`."""
    return await second_factor.begin_second_factor(ports.store, ports.site.name, who=ports.who)


async def confirm_second_factor(ports: Ports, code: str, session: str | None) -> list[str] | None:
    """One's own. As `second_factor.confirm_second_factor`."""
    return await second_factor.confirm_second_factor(ports.store, code, session=session, who=ports.who)


async def enter_code(ports: Ports, code: str, place: Place, waiting: str | None) -> str | None:
    """One's own. As `second_factor.enter_code`."""
    return await second_factor.enter_code(ports.store, code, place, waiting, who=ports.who)


async def reset_second_factor(ports: Ports, name: str) -> Account:
    """As `second_factor.reset_second_factor`."""
    return await second_factor.reset_second_factor(ports.store, name, who=ports.who)
