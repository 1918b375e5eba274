"""Whose a suggestion is to see, to pass on, to decide (rules). SUG-1."""

from config.schema import Site
from crm.rights import Principal
from crm.suggestions.model import Suggestion


def _works_in(who: Principal, site: Site, department_id: str | None) -> bool:
    department = site.matters.department(department_id or "")
    return department is not None and who.agent is not None and department.has(who.agent)


def may_decide_suggestion(who: Principal, site: Site, one: Suggestion) -> bool:
    """The department that has it, and supervisors (SUG-1)."""
    return who.supervises or _works_in(who, site, one.department)


def may_pass_suggestion(who: Principal, site: Site, one: Suggestion) -> bool:
    """Whoever registered it too; a department hands on what is another's."""
    return may_decide_suggestion(who, site, one) or (who.agent is not None and who.agent == one.registered_by)


may_see_suggestion = may_pass_suggestion
"""Who may pass it on may see it."""
