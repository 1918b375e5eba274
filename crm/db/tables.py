"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.cases import tables as cases
from crm.db.hooks import tables as hooks
from crm.db.intake import tables as intake
from crm.db.requests import tables as requests
from crm.db.schema import metadata

__all__ = ["audit", "cases", "hooks", "intake", "metadata", "requests"]
