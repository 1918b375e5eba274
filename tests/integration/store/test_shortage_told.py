"""What runs out is told to people before it is gone. OPS-7"""

import pytest

from app.process.resources import Usage
from app.process.shortage import Reading, Shortage
from app.run.budget_watch import watch_resources
from crm.db.store import Store
from tests.fakes.small_site import small_site

MB = 1 << 20


@pytest.mark.req("OPS-7")
async def test_who_can_do_something_about_it_hears_so_once_and_when_it_is_over(store: Store) -> None:
    """Supervisors and administrators, in both languages, with the figures; agents do not."""
    site, shortage = small_site(), Shortage()
    bosses = {agent.id for agent in site.agents if agent.role != "agent"}
    assert bosses
    for used, texts in ((500, 0), (900, 1), (950, 1), (100, 2)):
        reading = Reading("memory", used * 1_000_000, 1_000_000_000)
        await watch_resources(shortage, lambda reading=reading: Usage((reading,), MB, 1), store.messages, site)
        for person in (agent.id for agent in site.agents):
            found = (await store.messages.list(recipient=person)).items
            assert len(found) == (texts if person in bosses else 0)
    said = "\n".join(message.text for message in (await store.messages.list(recipient=min(bosses))).items)
    assert "内存（MB） 900 / 1000，即将用尽" in said and "100 / 1000, enough again" in said
