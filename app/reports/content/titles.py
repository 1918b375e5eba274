"""What people and parties of a site are called on a report (rules): readers know no `hotline:hall`. RPT-4"""

from config.schema import Site
from crm.cases.organisation import Organisation


class Titles:
    """By the ids of people and parties."""

    def __init__(self, site: Site) -> None:
        people = {agent.id: f"{agent.id} {agent.name}" for agent in site.agents}
        self._by_id = people | {party.id: party.title for party in Organisation(site).parties.values()}

    def of(self, who: object) -> str:
        """`8001` is “8001 王芳”, `hotline:hall` that level's hotline by its title; who is not known stays an id, nobody
        is nothing."""
        return self._by_id.get(str(who), str(who)) if who else ""
