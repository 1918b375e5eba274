"""What the Asterisk process is told (settings) and what one start of it is (its facts). Plain values, no I/O."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from config.paths import DataDir

APP = "sanxiang"
"""The Stasis application's name."""

FALLBACK_AFTER_S = 12
"""Ring time after which Asterisk answers by itself: in the third ring, which ends at 15 s (TEL-1)."""


@dataclass(frozen=True)
class SipTls:
    """SIP over TLS for agents' telephones: its port, and PEM files."""

    port: int
    certificate: Path
    key: Path


@dataclass(frozen=True)
class PbxSettings:
    """From the site and the command line. `agents` maps agent ids to SIP secrets (`agent_secrets`); times are seconds.

    `trunk_match`: addresses or networks that the trunk's calls come from. `trunk_outbound`: host:port that customers'
    numbers are dialled through. `media_address`: what other machines are told to send audio to, behind NAT.
    `transfer_key`: agents' telephones may transfer by REFER. `rtp_timeout_s`: a party that sends no RTP for so long is
    hung up; `rtp_timeout_hold_s`: while it has put us on hold. `media_encryption`: SRTP with agents' telephones.
    """

    data: DataDir
    site_prompts: Path
    sip_host: str
    sip_port: int
    controller_host: str
    controller_port: int
    trunk_match: tuple[str, ...]
    trunk_outbound: str | None = None
    media_address: str | None = None
    agents: Mapping[str, str] = field(default_factory=dict, repr=False)
    message_max_s: int = 120
    message_silence_s: int = 5
    rtp_ports: int = 1000
    transfer_key: bool = False
    rtp_timeout_s: int = 900
    rtp_timeout_hold_s: int = 7200
    tls: SipTls | None = None
    media_encryption: Literal["none", "optional", "required"] = "none"


@dataclass(frozen=True)
class StartFacts:
    """One life of Asterisk: chosen anew at each start, kept while it lives so that a new controller can adopt it.

    `ari_user` and `ari_password` are what Asterisk presents at the controller's websocket. `rtp_last` is inclusive.
    """

    ari_user: str
    ari_password: str = field(repr=False)
    controller_host: str
    controller_port: int
    sip_host: str
    sip_port: int
    rtp_first: int
    rtp_last: int
    entity_id: str


def new_facts(settings: PbxSettings, rtp_first: int, rtp_last: int) -> StartFacts:
    """What is new with each start of Asterisk: credentials, ports, its entity id."""
    # A locally administered address: all Asterisks of one machine would otherwise report the same entity id.
    entity = bytes([0x02, *secrets.token_bytes(5)]).hex(":")
    return StartFacts(
        ari_user="asterisk",
        ari_password=secrets.token_urlsafe(24),
        controller_host=settings.controller_host,
        controller_port=settings.controller_port,
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        rtp_first=rtp_first,
        rtp_last=rtp_last,
        entity_id=entity,
    )
