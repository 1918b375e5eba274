"""How people log in: who needs a second factor, and a provider of single sign-on. accounts.yaml, models only. ACC-3.

The client's secret is none of the file's: it is the line of DATA/single-sign-on-secret, which only its owner can read.
"""

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from config.values.fields import Model, Text, fault

RoleName = Literal["agent", "supervisor", "administrator"]


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment or parts.username or any(sign.isspace() for sign in value):
        raise fault(
            f"'{value}' is no issuer: write it as the provider does, such as 'https://login.example.cn/realms/hall'"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise fault(f"'{value}' has to begin with https://: whoever is in between could log in as anybody")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _scopes(values: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in values:
        raise fault("'openid' has to be among the scopes: without it a provider tells nobody's name")
    return values


Word = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]


class SingleSignOn(Model):
    """A provider of OpenID Connect. `claim`: what of its token is the name of the person here. `strength`: values of
    `acr`, one of which its token has to have; none: its login is taken as one factor, however it was done."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    client_id: Word
    claim: Word = "preferred_username"
    strength: tuple[Word, ...] = ()
    scopes: Annotated[tuple[Word, ...], AfterValidator(_scopes)] = ("openid", "profile")
    title: Text = "统一身份登录"
    title_en: Text = "Single sign-on"


class Accounts(Model):
    """accounts.yaml. `second_factor`: the roles that log in with a code of an app as well."""

    second_factor: tuple[RoleName, ...] = ("administrator",)
    single_sign_on: SingleSignOn | None = None
