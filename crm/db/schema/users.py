"""People who may log in, their logins, and the machines on which they have logged in before. ACC-1."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Table, Text, and_, exists, false, true

from crm.db.schema.core import at_column, metadata, text_column

user_account = Table(
    "user_account",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("display_name", Text(), nullable=False),
    text_column("display_name_en"),
    Column("role", Text(), nullable=False),
    Column("of_site", Boolean(), nullable=False, server_default=true()),
    Column("listed", Boolean(), nullable=False, server_default=true()),
    Column("state", Text(), nullable=False, server_default="active"),
    Column("password_hash", Text()),
    Column("must_change", Boolean(), nullable=False, server_default=false()),
    at_column("password_until"),
    at_column("last_login_at"),
    Column("sign_on_issuer", Text()),
    Column("sign_on_subject", Text()),
)
"""`of_site`: stands in agents.yaml, which says name and role; `listed` False: stood there once. `must_change`: the
password is a one-time one, good until `password_until`. `sign_on_…`: who this is at the provider, once signed on."""

in_force: Final = and_(user_account.c.state == "active", user_account.c.listed)
"""Who has rights at all."""

user_session = Table(
    "user_session",
    metadata,
    Column("token_hash", Text(), primary_key=True),
    Column("name", ForeignKey("user_account.name"), nullable=False, index=True),
    at_column("created_at", nullable=False),
    at_column("seen_at", nullable=False),
    text_column("address"),
    text_column("browser"),
    Column("proof", Text(), nullable=False, server_default="password"),
    at_column("confirmed_at"),
)
"""`proof`: by what the person has shown who it is (crm.users.model.Proof). `confirmed_at`: when the password was last
shown again; NULL: not since the login."""

second_factor = Table(
    "second_factor",
    metadata,
    Column("name", ForeignKey("user_account.name"), primary_key=True),
    Column("secret", Text(), nullable=False),
    at_column("since"),
    Column("last_step", BigInteger(), nullable=False, server_default="0"),
    text_column("recovery"),
)

has_factor: Final = exists().where(second_factor.c.name == user_account.c.name, second_factor.c.since.is_not(None))
"""Whether somebody logs in with a second factor."""

user_device = Table(
    "user_device",
    metadata,
    Column("token_hash", Text(), primary_key=True),
    Column("name", ForeignKey("user_account.name"), primary_key=True, index=True),
    at_column("seen_at", nullable=False),
)
"""A machine on which somebody has logged in, by the hash of a cookie that gives no right: it only tells strangers who
guess passwords from the owner who mistypes one."""
