"""What use cases stand on, for anybody: the ports of a person's act without a server."""

from collections.abc import Collection

from config.schema import Site
from crm.db.store import Store
from crm.rights import Principal
from crm.seen.eyes import eyes_of
from crm.seen.store import SeenStore
from crm.use_cases.cases import CaseService, Ports


def person(site: Site, name: str) -> Principal:
    """Somebody of the site, with the role that the site gives."""
    return Principal(name=name, agent=name, role=site.agent(name).role)


def ports_of(site: Site, store: Store, who: Principal | str, at_hand: Collection[str] = ()) -> Ports:
    """`who`: a person of the site by number, or anybody."""
    if isinstance(who, str):
        who = person(site, who)
    cases = CaseService(site, store, store.clock, site.special_days)
    seen = SeenStore(store, site, eyes_of(who, cases.organisation, at_hand))
    return Ports(site=site, store=store, cases=cases, days=site.special_days, seen=seen)
