"""A site of two levels with three lines, departments and the three lines' regulation, made without its files."""

from pathlib import Path

from config.loading.load import load_site
from config.schema import Agent, Level, Line, MessageAction, Queue, Site
from config.service.matters import Category, Department, Matters
from tests.fakes.small_site import small_site

DEMO = Path(__file__).parents[2] / "config" / "site"
NAMES = ("8001", "8002", "8003", "8004", "8005", "8101", "8102", "8701", "8801", "8802", "8901")


def case_site() -> Site:
    """At the hall: 8001 aid, 8002 and 8003 hotline, 8005 supervision, 8004 heads `exhibits`, 8003 works there too.

    At the province: 8101 heads `service`, 8102 `inspection` (restricted matters), 8701 leads. 8801, 8802 supervise all.
    """
    demo, small = load_site(DEMO), small_site()
    roles = {"8801": "supervisor", "8802": "supervisor", "8901": "administrator"}
    return small.model_copy(
        update={
            "policy": demo.policy,
            "levels": (
                Level(id="province", title="省公司", title_en="Province"),
                Level(id="hall", title="展览馆", title_en="Hall", above="province"),
            ),
            "agents": tuple(
                Agent.model_validate({"id": name, "name": name, "name_en": name, "role": roles.get(name, "agent")})
                for name in NAMES
            ),
            "lines": tuple(_line(small, kind, dnis) for kind, dnis in _DNIS.items()),
            "queues": (_queue("aid", "8001"), _queue("hotline", "8002", "8003"), _queue("supervision", "8005")),
            "matters": Matters(
                departments=(
                    Department(
                        id="exhibits", title="展陈部", title_en="Exhibits", level="hall", head="8004", members=("8003",)
                    ),
                    Department(id="inspection", title="纪检", title_en="Inspection", level="province", head="8102"),
                    Department(id="service", title="服务部", title_en="Service", level="province", head="8101"),
                    Department(
                        id="leaders",
                        title="领导小组",
                        title_en="Leaders",
                        level="province",
                        head="8701",
                        leadership=True,
                    ),
                ),
                categories=(
                    Category(
                        id="exhibits",
                        title="展品",
                        title_en="Exhibits",
                        kinds=("complaint", "consultation"),
                        department="exhibits",
                    ),
                    Category(
                        id="press",
                        title="媒体曝光",
                        title_en="Press",
                        kinds=("complaint",),
                        department="service",
                        along=("exhibits",),
                    ),
                    Category(
                        id="discipline",
                        title="违纪",
                        title_en="Discipline",
                        kinds=("complaint",),
                        department="inspection",
                        along=("exhibits",),
                        restricted=True,
                    ),
                ),
            ),
        }
    )


_DNIS = {"aid": "4008100001", "hotline": "4008100002", "supervision": "4008100003"}


def _line(small: Site, kind: str, dnis: str) -> Line:
    return small.lines[0].model_copy(update={"kind": kind, "dnis": dnis, "fallback_queue": kind})


def _queue(kind: str, *agents: str) -> Queue:
    return Queue.model_validate(
        {
            "name": kind,
            "title": kind,
            "title_en": kind,
            "kind": kind,
            "level": "hall",
            "agents": agents,
            "on_max_wait": MessageAction(),
        }
    )
