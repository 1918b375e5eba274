"""Ways out of the house for written messages, such as an SMS gateway or a mailbox, as apprise URLs. Models only.

A message names its route (`confirmation`); without a URL for that route it stays in the house, and the pages say so.
"""

from typing import Annotated

from apprise import Apprise
from pydantic import AfterValidator, Field

from config.values.fields import Id, Model, WholeSeconds, fault

RECIPIENT = "{recipient}"
"""In a URL: the number or address that a message goes to."""


def _url(value: str) -> str:
    """Checked by apprise itself; the fault does not repeat the URL, which holds passwords."""
    if "://" not in value:
        raise fault("no URL: write one of apprise's, such as jsons://sms.example/send?to={recipient}")
    if Apprise.instantiate(value.replace(RECIPIENT, "13800000000"), suppress_exceptions=True) is None:
        raise fault(f"apprise cannot use this '{value.partition('://')[0]}://' URL: compare it with apprise's list")
    return value


Url = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_url)]


class Outbox(Model):
    """outbox.yaml; a site without one sends nothing. `retry_s`: doubled after each failure, until `attempts` failed."""

    routes: dict[Id, Annotated[tuple[Url, ...], Field(min_length=1)]] = Field(default_factory=dict)
    attempts: Annotated[int, Field(ge=1, le=20)] = 6
    retry_s: WholeSeconds = 60

    def has(self, route: str) -> bool:
        """Whether such a message can leave the house."""
        return route in self.routes
