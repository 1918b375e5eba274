"""The command `sanxiang` (adapter; design §5): parses words into options, and errors into words and exit codes."""

import asyncio
import json
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from app.commands.audit_commands import KEY, audit
from app.commands.command_line import DATA, DEFAULT_DATA, clear_errors, telephones
from app.commands.credentials import api_keys
from app.commands.credentials import telephones as telephone_secrets
from app.commands.hours import ask, find_line, moment
from app.commands.notices.notice import notice
from app.commands.policy_commands import policy
from app.commands.report_command import report
from app.commands.user_commands import user
from app.phone.system import SystemFile
from app.process.clock import utc_now
from app.process.logs import set_up_logging
from app.process.options import Address, UpOptions
from app.run import main as hotline
from app.web.http.tokens import role_token
from config.loading.load import check_site, load_site
from config.loading.prompt_files import without_english
from config.paths import DataDir
from config.schema import Role
from config.words import one_line, two_lines
from ivr.pbx.prefix.install import install
from routing.theory.erlang import Traffic

app = typer.Typer(no_args_is_help=True, add_completion=False, help="三响 Sanxiang：三声之内，有问必答。")
pbx = typer.Typer(no_args_is_help=True, help=one_line("Asterisk 的安装", "installing Asterisk"))
app.add_typer(pbx, name="pbx")
app.add_typer(policy, name="policy")
app.add_typer(api_keys, name="key")
app.add_typer(telephone_secrets, name="telephone")
app.add_typer(user, name="user")
app.command(
    help=one_line("试做一份报表，--send 才发送", "try a report: what it says, who gets it; sent only with --send")
)(report)
app.add_typer(audit, name="audit")

TOKEN_LASTS = timedelta(hours=12)


def main() -> None:
    """Entry point."""
    app()


@app.command(help=one_line("启动热线，直到 Ctrl-C", "run the hotline until Ctrl-C"))
def up(
    site: Annotated[Path, typer.Option(help=one_line("站点目录", "the site's directory"))] = Path("config/site"),
    data: DATA = DEFAULT_DATA,
    http: Annotated[str, typer.Option(help=one_line("网页地址", "the pages' HOST:PORT"))] = "127.0.0.1:8080",
    sip: Annotated[str, typer.Option(help=one_line("SIP 地址", "the telephones' HOST:PORT"))] = "127.0.0.1:5060",
    media_address: Annotated[
        str | None, typer.Option(help=one_line("对外媒体地址", "the address other machines reach"))
    ] = None,
    cert: Annotated[Path | None, typer.Option(help=one_line("TLS 证书", "certificate"))] = None,
    key: Annotated[Path | None, typer.Option(help=one_line("TLS 私钥", "its key"))] = None,
    database: Annotated[
        str | None, typer.Option(help=one_line("数据库地址", "postgresql+psycopg://… instead of SQLite"))
    ] = None,
    audit_key: KEY = None,
) -> None:
    """Run the hotline until Ctrl-C."""
    with clear_errors():
        if (cert is None) != (key is None):
            raise ValueError(two_lines("--cert 和 --key 要一起给出", "--cert and --key go together"))
        options = UpOptions(
            site=site,
            data=DataDir(data),
            http=Address.parse(http),
            sip=Address.parse(sip),
            media_address=media_address,
            certificate=cert,
            key=key,
            database_url=database,
            audit_key=audit_key,
        )
        set_up_logging(options.data)
        uvloop.run(_until_told(options))


async def _until_told(options: UpOptions) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await hotline.run(options, typer.echo, stop)


@app.command(name="call", help=one_line("模拟一位来电者，经真实 SIP", "a synthetic caller, through real SIP"))
def call_number(
    number: Annotated[str, typer.Argument(help=one_line("要拨的号码", "the number to dial, for example 4008100002"))],
    data: DATA = DEFAULT_DATA,
    caller: Annotated[str | None, typer.Option("--from", help=one_line("主叫号码", "the caller's number"))] = None,
    keys: Annotated[str, typer.Option(help=one_line("按键，每个菜单一个", "keys, one per menu: 2,1"))] = "",
    talk: Annotated[float, typer.Option(help=one_line("通话秒数", "seconds to talk"))] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help=one_line("只输出一个 JSON", "one JSON object"))] = False,
) -> None:
    """A synthetic caller, through real SIP."""
    with telephones():
        from app.phone.caller import CallOptions, call

    set_up_logging(None)
    pressed = tuple(part for part in keys.split(",") if part)
    options = CallOptions(number=number, data=DataDir(data), caller=caller, keys=pressed, talk_s=talk)
    with clear_errors():
        result = call(options, _silent if as_json else typer.echo)
    if as_json:
        typer.echo(result.as_json())
    raise typer.Exit(result.exit_code)


@app.command(help=one_line("模拟一部坐席话机", "a synthetic agent telephone"))
def agent(
    agent_id: Annotated[
        str, typer.Argument(metavar="ID", help=one_line("工号", "the agent's number, for example 8001"))
    ],
    data: DATA = DEFAULT_DATA,
    answer_after: Annotated[float, typer.Option(help=one_line("几秒后接听", "seconds until the answer"))] = 2.0,
    count: Annotated[int | None, typer.Option(help=one_line("接几个电话后退出", "stop after so many calls"))] = None,
    reject: Annotated[int | None, typer.Option(help=one_line("以此 SIP 代码拒接", "refuse with this SIP code"))] = None,
    hangup_after: Annotated[
        float | None, typer.Option(help=one_line("几秒后由坐席挂断", "hang up after so many seconds"))
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help=one_line("每个电话一行 JSON", "one JSON line per call"))
    ] = False,
) -> None:
    """A synthetic agent telephone."""
    with telephones():
        from app.phone.agent import AgentOptions, Reporter, serve

    set_up_logging(None)
    options = AgentOptions(
        agent=agent_id,
        data=DataDir(data),
        answer_after_s=answer_after,
        count=count,
        reject=reject,
        hangup_after_s=hangup_after,
    )
    with clear_errors():
        serve(options, Reporter(_silent if as_json else typer.echo, on_call=typer.echo if as_json else _silent))


@app.command(help=one_line("检查站点，逐条指出错误", "check a site: every fault with file:line:column"))
def check(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=one_line("站点目录", "the site's directory"))],
) -> None:
    """Check a site: every fault with file:line:column."""
    with clear_errors():
        faults, site = check_site(directory)
    for fault in faults:
        typer.echo(str(fault))
    if faults or site is None:
        typer.echo(two_lines(f"{len(faults)} 处错误", f"{len(faults)} faults"), err=True)
        raise typer.Exit(1)
    typer.echo(
        two_lines(
            "没有错误",
            f"no faults: {site.name}, {len(site.lines)} lines, {len(site.queues)} queues, "
            f"{len(site.menus)} menus, {len(site.agents)} people, {len(site.prompts)} prompts",
        )
    )
    if any("en" in menu.languages() for menu in site.menus) and (mandarin := without_english(site.prompts)):
        typer.echo(
            two_lines(
                f"选择英语的来电者听到的也是中文：{', '.join(mandarin)}",
                f"Mandarin only, also for callers who chose English: {', '.join(mandarin)}",
            )
        )


@app.command(help=one_line("某条线路在某时是否开放，为什么", "whether a line is open at a moment, and why"))
def hours(
    line: Annotated[
        str, typer.Argument(metavar="LINE", help=one_line("号码、种类或名称", "number, kind (hotline) or title"))
    ],
    at: Annotated[
        str | None, typer.Option(help=one_line("站点当地时间", 'local time: "2026-10-10 09:00"; default: now'))
    ] = None,
    site: Annotated[Path, typer.Option(help=one_line("站点目录", "the site's directory"))] = Path("config/site"),
    as_json: Annotated[bool, typer.Option("--json", help=one_line("只输出一个 JSON", "one JSON object"))] = False,
) -> None:
    """Whether a line is open at a moment, and why."""
    with clear_errors(exit_code=2):
        loaded = load_site(site)
        answer = ask(loaded, find_line(loaded, line), moment(at, loaded.zone, utc_now()))
    if as_json:
        typer.echo(json.dumps(answer.as_dict(), ensure_ascii=False))
        return
    for sentence in answer.lines():
        typer.echo(sentence)


app.command(help=one_line("读放假通知并显示，不录入", "read an official notice and show it; enters nothing"))(notice)


@app.command(
    help=one_line("只凭日志文件重算某天的指标", "a day's figures, counted again from the journal's files alone")
)
def figures(
    data: DATA = DEFAULT_DATA,
    site: Annotated[Path, typer.Option(help=one_line("站点目录", "the site's directory"))] = Path("config/site"),
    day: Annotated[
        str | None, typer.Option(help=one_line("站点当地日期", "local day: 2026-11-22; default: today"))
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help=one_line("与 /api/figures 相同的 JSON", "as GET /api/figures"))
    ] = False,
) -> None:
    """A day's figures, counted again from the journal's files alone."""
    from app.figures.replay import replay
    from app.figures.told import lines
    from app.web.api.figures.figure_shapes import figures_out
    from app.web.wire.encoding import encode_text

    with clear_errors():
        loaded, now = load_site(site), utc_now()
        asked = now.astimezone(loaded.zone).date() if day is None else date.fromisoformat(day)
        period = replay(DataDir(data).journal, loaded, asked, now)
    for line in [encode_text(figures_out(period, now, "interval"))] if as_json else lines(period):
        typer.echo(line)


@app.command(
    help=one_line("在模拟时间里运行排队引擎：等待、放弃、服务水平，用于排班", "the ACD in simulated time, for staffing")
)
def simulate(
    agents: Annotated[int, typer.Option(help=one_line("坐席数", "agents on duty"))],
    load: Annotated[
        float, typer.Option(help=one_line("话务量（爱尔兰）", "erlangs: calls per second x handling time"))
    ],
    aht: Annotated[
        float, typer.Option(help=one_line("平均处理时间（秒）", "mean handling time: talk, hold and wrap-up"))
    ],
    patience: Annotated[
        float | None, typer.Option(help=one_line("平均耐心（秒）", "mean patience; default: endless"))
    ] = None,
    threshold: Annotated[
        float, typer.Option(help=one_line("服务水平的阈值（秒）", "service level: answered within"))
    ] = 10.0,
    seed: Annotated[int, typer.Option(help=one_line("随机种子", "the same seed, the same calls"))] = 1,
    as_json: Annotated[bool, typer.Option("--json", help=one_line("只输出一个 JSON", "one JSON object"))] = False,
) -> None:
    """The ACD in simulated time, for staffing."""
    from app.commands import simulate as simulation

    traffic = Traffic(agents=agents, load=load, aht_s=aht, patience_s=patience)
    question = simulation.Question(traffic=traffic, threshold_s=threshold, seed=seed)
    with clear_errors(exit_code=2):
        answer = simulation.simulate(question, lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(answer.as_json())
        return
    for line in answer.lines():
        typer.echo(line)


@app.command(help=one_line("打印一个 API 令牌", "print an API token of that role, valid for 12 hours"))
def token(
    data: DATA = DEFAULT_DATA,
    role: Annotated[str, typer.Option(help="agent, supervisor 或 administrator")] = "supervisor",
) -> None:
    """Print an API token of that role, valid for 12 hours."""
    with clear_errors():
        roles: dict[str, Role] = {
            "agent": "agent",
            "supervisor": "supervisor",
            "administrator": "administrator",
        }
        if role not in roles:
            raise ValueError(two_lines(f"没有角色 {role!r}", f"no such role; roles are: {', '.join(roles)}"))
        system = SystemFile.read(DataDir(data))
        typer.echo(role_token(system.token, roles[role], utc_now() + TOKEN_LASTS))


@pbx.command(
    "install",
    help=one_line("把 Asterisk 装进私有目录，无需 root", "install Asterisk into a private prefix, no root needed"),
)
def pbx_install(
    mirror: Annotated[str | None, typer.Option(help=one_line("Debian 镜像", "a Debian mirror's URL"))] = None,
    prefix: Annotated[Path | None, typer.Option(help=one_line("安装目录", "where to put it"))] = None,
) -> None:
    """Install Asterisk into a private prefix, no root needed."""
    with clear_errors():
        typer.echo(str(install(mirror, prefix, typer.echo)))


def _silent(line: str) -> None:
    """Nothing is told while --json is asked for."""
