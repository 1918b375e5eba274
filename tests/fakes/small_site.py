"""A site of one hotline with three agents, a supervisor and an administrator, made without files."""

from datetime import date, time
from pathlib import Path

from config.schema import (
    Agent,
    Disposition,
    Level,
    Line,
    Menu,
    MessageAction,
    OpeningHours,
    PauseReason,
    Queue,
    QueueAction,
    Retry,
    Site,
    Trunk,
)
from config.service.accounts import Accounts
from config.service.policy import Policy, Regulation
from config.values.fields import WEEKDAYS, Period
from tests.fakes.small_bookings import small_bookings
from tests.fakes.small_service import small_knowledge, small_matters, small_quality


def small_site() -> Site:
    """Agents 8001–8003 serve `hotline`; 8801 supervises, 8901 administers."""
    all_day = (Period(start=time(0), end=time(23, 59)),)
    retry = Retry(then=MessageAction())
    return Site(
        directory=Path("/nowhere"),
        name="城市规划展览馆",
        name_en="City Planning Exhibition Hall",
        area_code="0571",
        trunk=Trunk(match=("127.0.0.2",), outbound="127.0.0.2:5080", caller_id="4008100002"),
        levels=(Level(id="hall", title="展览馆", title_en="Hall"),),
        reasons=(PauseReason(id="meal", title="用餐", title_en="Meal"),),
        dispositions=(Disposition(id="answered", title="已答复", title_en="Answered", kinds=("consultation",)),),
        lines=(
            Line(
                dnis="4008100002",
                kind="hotline",
                title="客服热线",
                title_en="Hotline",
                level="hall",
                greeting="welcome",
                menu="main",
                hours=OpeningHours(weekdays=dict.fromkeys(WEEKDAYS, all_day)),
                fallback_queue="hotline",
            ),
        ),
        queues=(
            Queue(
                name="hotline",
                title="客服热线",
                title_en="Hotline",
                kind="hotline",
                agents=("8001", "8002", "8003"),
                on_max_wait=MessageAction(),
            ),
        ),
        agents=(
            Agent(id="8001", name="林晓雨", name_en="Lin Xiaoyu"),
            Agent(id="8002", name="陈志明", name_en="Chen Zhiming"),
            Agent(id="8003", name="赵敏", name_en="Zhao Min"),
            Agent(id="8801", name="周岚", name_en="Zhou Lan", role="supervisor"),
            Agent(id="8901", name="管理员", name_en="Administrator", role="administrator", telephone=False),
        ),
        menus=(
            Menu(
                id="main",
                title="主菜单",
                play=("menu-main",),
                keys={"1": QueueAction(queue="hotline")},
                no_input=retry,
                invalid=retry,
            ),
        ),
        prompts={},
        matters=small_matters(),
        accounts=Accounts(second_factor=()),
        quality=small_quality(),
        knowledge=small_knowledge(),
        bookings=small_bookings(),
        policy=Policy(
            working_time=OpeningHours(weekdays=dict.fromkeys(WEEKDAYS, all_day)),
            versions=(Regulation(in_force_from=date(2026, 1, 1), clauses={}),),
        ),
    )
