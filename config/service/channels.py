"""Other ways in and out than the telephone: web form, mailbox, attached files, web hooks. Models only."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.values.fields import Address, Model, fault


def _host(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", value) is None:
        raise fault(f"'{value}' is not a host name such as 'imap.example.cn'")
    return value


def _email(value: str) -> str:
    if re.fullmatch(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}", value) is None:
        raise fault(f"'{value}' is not an e-mail address")
    return value


def _origin(value: str) -> str:
    if re.fullmatch(r"https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", value) is None:
        raise fault(f"'{value}' is not a scheme and a host, such as 'https://crm.example.cn' (no path)")
    return value.lower()


_EMBEDDING = ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
"""IPv6 networks whose addresses stand for IPv4 ones: NAT64, 6to4, Teredo."""

Host = Annotated[str, AfterValidator(_host)]
Email = Annotated[str, AfterValidator(_email)]
Origin = Annotated[str, AfterValidator(_origin)]


class Rate(Model):
    """So many at once, and so many an hour after that."""

    burst: Annotated[int, Field(ge=1, le=10_000)]
    per_hour: Annotated[int, Field(ge=1, le=100_000)]


class WebForm(Model):
    """The public form at /contact. Off unless a site turns it on. `least_fill_s`: nobody writes faster than this."""

    enabled: bool = False
    per_address: Rate = Rate(burst=5, per_hour=20)
    total: Rate = Rate(burst=50, per_hour=500)
    least_fill_s: Annotated[float, Field(ge=0, le=60)] = 3.0


class Mail(Model):
    """A mailbox that is read by IMAP; its password lies in DATA/mail-password, readable by its owner only.

    `addresses`: our own, whose mails never become tickets; the first is where our mails are answered to, with a part of
    its own (`kefu+…@example.cn`) if the mailbox takes such: `subaddresses`. `moved_to`: the folder for what has been
    read; None: it stays where it is, marked as read.
    """

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    user: Annotated[str, Field(min_length=1, max_length=254)]
    folder: Annotated[str, Field(min_length=1, max_length=200)] = "INBOX"
    moved_to: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    addresses: tuple[Email, ...] = ()
    subaddresses: bool = False
    poll_s: Annotated[float, Field(ge=5, le=3600)] = 60.0

    @property
    def reply_address(self) -> str:
        """Where what we write is answered to."""
        return self.addresses[0] if self.addresses else self.user

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> "Mail":
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise fault("security 'none' sends the password for all to read: use 'tls' or 'starttls'")
        return self


class Files(Model):
    """Files on tickets. Kept for so many days, and for as long as the ticket is open."""

    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 1095


class WebHooks(Model):
    """Where news may be sent. `allowed`: scheme and host, nothing else is ever called. `private`: networks of our own
    that are allowed too; all other private, local and reserved addresses are refused, whatever name leads there."""

    allowed: tuple[Origin, ...] = ()
    private: tuple[Address, ...] = ()
    give_up_days: Annotated[float, Field(gt=0, le=365)] = 3.0

    def admits(self, address: str) -> bool:
        """Whether a connection to this IP address may be made."""
        found = ipaddress.ip_address(address)
        mapped = getattr(found, "ipv4_mapped", None) or found
        if any(mapped in ipaddress.ip_network(network) for network in _EMBEDDING):
            return False  # an IPv4 address inside, perhaps of our own
        if any(mapped in ipaddress.ip_network(network) for network in self.private):
            return True
        return mapped.is_global and not mapped.is_multicast


class Channels(Model):
    """channels.yaml; a site without one has no channel but the telephone and what people register by hand.

    `trusted_proxies`: whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed; nobody's by default.
    """

    web_form: WebForm = WebForm()
    trusted_proxies: tuple[Address, ...] = ()
    mail: Mail | None = None
    files: Files = Files()
    web_hooks: WebHooks = WebHooks()
