"""How much of the disk is kept free, and for what (rules). OPS-7"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from config.values.fields import Model

Megabytes = Annotated[int, Field(ge=0, le=1_000_000)]


class DiskRules(Model):
    """Below so many free megabytes on the data directory's disk a use of it stops, the first ones first; it begins
    again by itself. `warned_mb`: supervisors and administrators are told before anything stops."""

    warned_mb: Megabytes = 2000
    recordings_mb: Megabytes = 1000
    mail_mb: Megabytes = 500
    messages_mb: Megabytes = 200
    calls_mb: Megabytes = 50

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        given = (self.warned_mb, self.recordings_mb, self.mail_mb, self.messages_mb, self.calls_mb)
        if list(given) != sorted(given, reverse=True):
            raise ValueError(
                "give them in this order, none above the one before: warned, recordings, mail, messages, calls"
            )
        return self
