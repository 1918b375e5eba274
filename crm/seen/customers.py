"""Customers' cards as seen by a person (flow): found, opened, changed, revealed. CUS-1, CUS-4, ACC-6."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from config.numbering import normalise
from crm.customers.columns import stored_row
from crm.customers.duplicates import Likeness
from crm.customers.imports import ImportState, Plan, PlannedRow, Show
from crm.customers.model import Access, Contact, Customer, CustomerChange, CustomerFilter, MergePlan, Removal
from crm.db.store import Store
from crm.errors import Forbidden, NumberTaken, UnknownRecord
from crm.page import Page
from crm.seen.opening import opened, opened_if
from crm.seen.rights import Rights

FLAGS: Final = frozenset({"key_customer", "looked_after_by"})
"""What supervisors alone set: callers of such a card go before others (CUS-1)."""


class SeenCustomers:
    """All raise StoreAway."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    # --- reads ---

    async def list(self, wanted: CustomerFilter, *, limit: int, after: str | None) -> Page[Customer]:
        """Lately changed first. A whole telephone number finds its card, which is on record; a part of one nothing. A
        search of an agent's has one page: who wants more says more of whom.

        Raises BadCursor, TooManySearches.
        """
        await self._rights.note_searches(wanted.search or "")
        page = await self._store.customers.list(limit=limit, after=after, wanted=wanted, sight=self._rights.eyes.sight)
        one_page = wanted.search is not None and not self._rights.eyes.who.supervises
        return Page(items=await self.shown(page.items), next=None if one_page else page.next)

    async def get(self, customer_id: int) -> Customer:
        """As it is, numbers masked unless the customer is on the line. Raises UnknownRecord."""
        card = await self._card(customer_id)
        return opened_if(card, await self._opens(card))

    async def open(self, customer_id: int) -> Customer:
        """As `get`, for somebody who looks at it, which is on record first."""
        card = await self.get(customer_id)
        await self._store.accesses.opened(card.id, by=self._rights.eyes.who.name)
        return card

    async def to_change(self, customer_id: int) -> Customer:
        """Raises UnknownRecord, Forbidden."""
        await self._rights.check_change_of_card(customer_id)
        return await self._card(customer_id)

    async def reveal(self, customer_id: int, *, ticket: str | None, reason: str) -> Customer:
        """The only way to whole numbers on somebody's wish: the row that says so is written in the same act.

        Raises UnknownRecord, BadValue, Forbidden.
        """
        await self._rights.check_reveal(customer_id, ticket)
        card = await self._card(customer_id)
        await self._store.accesses.revealed(card.id, by=self._rights.eyes.who.name, reason=reason, ticket=ticket)
        return opened(card)

    async def contact(self, customer_ids: Sequence[int]) -> dict[int, Contact]:
        return await self._store.customers.contact(customer_ids)

    async def history(self, customer_id: int) -> tuple[CustomerChange, ...]:
        """All changes. Raises UnknownRecord."""
        card = await self._card(customer_id)
        return opened_if(await self._store.customers.history(card.id), await self._opens(card))

    async def duplicates(self, most: int) -> Sequence[tuple[Likeness, Customer, Customer]]:
        """Pairs that may be one customer, of cards that are both seen."""
        found = await self._store.duplicates.find(most)
        ids = {card.id for _, one, other in found for card in (one, other)}
        seen = await self._store.rights.seen_cards(ids, self._rights.eyes.sight)
        pairs = [each for each in found if each[1].id in seen and each[2].id in seen]
        shown = {card.id: card for card in await self.shown(tuple(c for _, one, two in pairs for c in (one, two)))}
        return [(likeness, shown[one.id], shown[other.id]) for likeness, one, other in pairs]

    async def shown(self, cards: tuple[Customer, ...]) -> tuple[Customer, ...]:
        """In lists supervisors see numbers, but not those of people who have complained of them."""
        if not self._rights.eyes.who.supervises:
            return cards
        person = self._rights.eyes.person
        about = await self._store.rights.cards_about([card.id for card in cards], person) if person else frozenset()
        return tuple(opened_if(card, card.id not in about) for card in cards)

    async def export(self, wanted: CustomerFilter, most: int) -> tuple[Customer, ...]:
        """The cards that may leave as a file, at most one more than `most`: not those of people who have complained of
        whoever takes them out."""
        cards = await self._store.customers.all(wanted, most, self._rights.eyes.sight)
        person = self._rights.eyes.person
        about = await self._store.rights.cards_about([card.id for card in cards], person) if person else frozenset()
        return tuple(card for card in cards if card.id not in about)

    # --- writes ---

    async def save(self, card: Customer) -> Customer:
        """A new card, or what somebody may change on one. Raises as the store's, Forbidden, UnknownRecord."""
        by = self._rights.eyes.who.name
        before = None
        if card.id:
            await self._rights.check_change_of_card(card.id)
            before = await self._card(card.id)
        self._check_flags(before, card)
        try:
            saved = await self._store.customers.save(card, by=by)
        except NumberTaken as exc:
            await self._rights.note_search(exc.number)
            raise
        return opened_if(saved, await self._opens(saved))

    async def move_number(self, number: str, *, to: Customer, use: str) -> Customer:
        """Takes a number off one card and puts it on another: for supervisors, and, of the caller at hand, for the
        agent who speaks with that caller; both cards have to be theirs to change. Raises as the store's, Forbidden."""
        key = normalise(number, self._store.area_code).normalised
        await self._rights.check_change_of_card(to.id)
        owner = await self._store.rights.owner_of(key)
        if not self._rights.eyes.who.supervises and not await self._is_at_hand(key):
            await self._rights.note_search(number)
            raise Forbidden("A number is moved while its caller is on the line, or by a supervisor.")
        if owner is not None:
            await self._rights.check_card(owner)
            if await self._rights.card_is_about_me(owner):
                raise Forbidden("This customer has complained of you: ask a supervisor.")
        moved = await self._store.customers.move_number(number, to=to, use=use, by=self._rights.eyes.who.name)
        return opened_if(moved, await self._opens(moved))

    async def keep_apart(self, one: int, other: int) -> None:
        """Raises UnknownRecord, Forbidden."""
        for each in (one, other):
            await self._rights.check_change_of_card(each)
        await self._store.duplicates.keep_apart(one, other, by=self._rights.eyes.who.name)

    async def merge(self, plan: MergePlan) -> dict[str, int]:
        """Raises as the store's, Forbidden."""
        for each in (plan.stays, plan.goes):
            await self._rights.check_change_of_card(each)
        return await self._store.duplicates.merge(plan, by=self._rights.eyes.who.name)

    # --- files, privacy: roles that the table of operations lets in ---

    async def keep_plan(self, plan: Plan, file: str) -> ImportState:
        return await self._store.imports.keep(plan, file=file, by=self._rights.eyes.who.name)

    async def write_batch(self, token: str, on_existing: str) -> ImportState:
        return await self._store.imports.write_batch(token, by=self._rights.eyes.who.name, on_existing=on_existing)

    async def import_state(self, token: str) -> ImportState:
        return await self._store.imports.state(token, by=self._rights.eyes.who.name)

    async def import_rows(self, token: str, after: int, show: Show, area_code: str) -> tuple[PlannedRow, ...]:
        """Of one's own file, as it was read."""
        by = self._rights.eyes.who.name
        rows = await self._store.imports.rows(token, by=by, show=show, after=after)
        return opened(
            tuple(
                msgspec.structs.replace(row, stored=tuple(stored_row(row.card, area_code)) if row.card else ())
                for row in rows
            )
        )

    async def note_export(self, ids: Sequence[int], *, reason: str, form: str) -> None:
        await self._store.accesses.exported(ids, by=self._rights.eyes.who.name, reason=reason, form=form)

    async def accesses(self, **filters: Any) -> Page[Access]:
        return await self._store.accesses.list(**filters)

    async def removals(self) -> Sequence[Removal]:
        return await self._store.removals.list()

    # --- parts ---

    async def _card(self, customer_id: int) -> Customer:
        await self._rights.check_card(customer_id)
        card = await self._store.customers.get(customer_id)
        if card is None:
            raise UnknownRecord("customer", customer_id)
        return card

    async def _opens(self, card: Customer) -> bool:
        rights = self._rights
        if await rights.card_is_about_me(card.id):
            return False
        return rights.eyes.who.supervises or await rights.card_at_hand(card.id)

    async def _is_at_hand(self, normalised: str) -> bool:
        """Whether the caller of this number is on the line at this desk."""
        for number in self._rights.eyes.at_hand:
            ticket = await self._store.tickets.get(number)
            if ticket and normalise(ticket.ani, self._store.area_code).normalised == normalised:
                return True
        return False

    def _check_flags(self, before: Customer | None, after: Customer) -> None:
        """Raises Forbidden for what is above whoever asks. Anybody who may change a card notes that somebody wants no
        calls; only a supervisor takes that back."""
        if self._rights.eyes.who.supervises:
            return
        was: Mapping[str, object] = {
            name: getattr(before, name) if before else None for name in (*FLAGS, "do_not_call")
        }
        if any((getattr(after, name) or None) != (was[name] or None) for name in FLAGS):
            raise Forbidden("Key customers are marked by supervisors.")
        if was["do_not_call"] and not after.do_not_call:
            raise Forbidden("That a customer wants no calls is taken back by supervisors.")
