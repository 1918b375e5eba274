"""What a site says of telephones: what agents' own keys may do, and when a line that sends no audio is given up."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.values.fields import Model, fault

LEAST_SILENCE_S = 600
"""A caller who listens to a queue, muted, or a telephone that sends no audio in silence: neither has left."""

SilenceSeconds = Annotated[int, Field(ge=LEAST_SILENCE_S, le=86_400)]


PathText = Annotated[str, Field(min_length=1, max_length=500)]
Encryption = Literal["none", "optional", "required"]


class TelephoneTls(Model):
    """SIP over TLS. The files are PEM, meant from the site's directory unless they begin with /; `certificate` with the
    chain behind it. New files of the same names are taken within a minute."""

    port: Annotated[int, Field(ge=1, le=65535)] = 5061
    certificate: PathText
    key: PathText


class Telephones(Model):
    """Agents' telephones. `transfer_key`: their transfer key works (SIP REFER).

    `tls`: they may register over TLS too. `media_encryption`: audio as SRTP; `optional`: with telephones that offer it,
    `required`: with no other ones, over TLS alone, since its keys travel in the signalling.

    `transfer_key` is off unless asked for: Asterisk up to 22.10.1 dies of one REFER with `Refer-Sub: false`
    (asterisk#2021), and with it every talk. Switch it on only where no telephone sends that.
    """

    transfer_key: bool = False
    tls: TelephoneTls | None = None
    media_encryption: Encryption = "none"

    @model_validator(mode="after")
    def _keys_travel_hidden(self) -> Self:
        if self.media_encryption != "none" and self.tls is None:
            raise fault("missing key 'tls': the keys of encrypted audio travel in the signalling")
        return self


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
