"""How people and parties of a site are called on a report (rules): readers know no `hotline:hall`. RPT-4"""

from config.schema import Site
from crm.cases.organisation import Organisation


def titles_of(site: Site) -> dict[str, str]:
    """By id: `8001` is “8001 王芳”, `hotline:hall` the hotline of that level by its title."""
    people = {agent.id: f"{agent.id} {agent.name}" for agent in site.agents}
    return people | {party.id: party.title for party in Organisation(site).parties.values()}
