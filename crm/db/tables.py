"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.cases import tables as cases
from crm.db.customers import tables as customers
from crm.db.schema import metadata

__all__ = ["audit", "cases", "customers", "metadata"]
