"""Knowledge cards (flow): written, approved, opened on a ticket. CPL-10."""

import uuid

from crm.errors import BadValue, bad_values
from crm.knowledge.model import Card, CardText, checked
from crm.use_cases.cases import Ports


async def create_card(ports: Ports, text: CardText, *, key: str | None) -> Card:
    """A draft, until a supervisor approves it; once per `key`. Raises BadValue, StoreAway."""
    kept = _checked(ports, text)
    return await ports.store.knowledge.create(kept, by=ports.who.name, key=f"{ports.who.name}:{key or uuid.uuid4()}")


async def revise_card(ports: Ports, card_id: int, text: CardText, *, version: int) -> Card:
    """The next version, as a draft; the last approved one holds until it is approved.

    Raises UnknownRecord, BadValue, VersionConflict, StoreAway.
    """
    return await ports.store.knowledge.revise(card_id, _checked(ports, text), by=ports.who.name, version=version)


async def approve_card(ports: Ports, card_id: int, *, version: int) -> Card:
    """From now on this version holds. Raises UnknownRecord, IllegalTransition, StoreAway."""
    return await ports.store.knowledge.approve(card_id, version, by=ports.who.name)


async def open_card(ports: Ports, card_id: int, *, ticket: str | None) -> Card:
    """Somebody reads it: counted, with who, and on which ticket. Raises UnknownRecord, StoreAway."""
    return await ports.store.knowledge.opened(card_id, by=ports.who.name, ticket=ticket)


def _checked(ports: Ports, text: CardText) -> CardText:
    known = {category.id for category in ports.site.matters.categories}
    if unknown := sorted(set(text.categories) - known):
        raise BadValue("categories", f"no category {unknown[0]!r}")
    with bad_values("text"):
        return checked(text)
