"""What a site says of telephones: what agents' own keys may do, and when a line that sends no audio is given up."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from config.values.fields import Model, fault

LEAST_SILENCE_S = 600
"""A caller who listens to a queue, muted, or a telephone that sends no audio in silence: neither has left."""

SilenceSeconds = Annotated[int, Field(ge=LEAST_SILENCE_S, le=86_400)]


class Telephones(Model):
    """Agents' telephones. `transfer_key`: their transfer key works (SIP REFER).

    Off unless asked for: Asterisk up to 22.10.1 dies of one REFER with `Refer-Sub: false` (asterisk#2021), and with it
    every talk. Switch it on only where no telephone sends that.
    """

    transfer_key: bool = False


class SilentLines(Model):
    """After how many seconds without any RTP from a party Asterisk hangs up; a telephone that died sends no BYE.

    `hold_s`: while that party has put us on hold, when sending nothing is what is expected.
    """

    after_s: SilenceSeconds = 900
    hold_s: SilenceSeconds = 7200

    @model_validator(mode="after")
    def _hold_is_longer(self) -> Self:
        if self.hold_s < self.after_s:
            raise fault("'hold_s' is shorter than 'after_s': a party on hold may be silent for longer, not for less")
        return self
