"""Knowledge cards that a site brings along. Models only. CPL-10."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from config.values.fields import CategoryId, Day, Id, Model, Text, fault
from config.values.kinds import TicketKind


class ShippedCard(Model):
    """A card of the first day. `text`: plain; a line that begins with `#` is a heading, with `-` a point of a list."""

    id: Id
    title: Text
    text: Annotated[str, Field(min_length=1, max_length=8000)]
    keywords: tuple[Text, ...] = ()
    kinds: tuple[TicketKind, ...] = ()
    categories: tuple[CategoryId, ...] = ()
    valid_from: Day | None = None
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "ShippedCard":
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise fault(f"card '{self.id}': valid_until lies before valid_from")
        return self


def _once(cards: tuple[ShippedCard, ...]) -> tuple[ShippedCard, ...]:
    ids = [card.id for card in cards]
    for each in ids:
        if ids.count(each) > 1:
            raise fault(f"card '{each}' is there twice: remove one or change its id")
    return cards


class Knowledge(Model):
    """knowledge.yaml: entered into the store once, by id; from then on the pages are where a card is changed."""

    cards: Annotated[tuple[ShippedCard, ...], AfterValidator(_once)] = ()
