"""The peer: a second Asterisk of the same build, whose own C does the journey: `Read`, then `app_queue`. Configuration.

It is ours without the controller's parts and with `app_queue`'s: the same SIP, the same agents, the same prompts.
"""

from pathlib import Path

from ivr.pbx.prefix.install import AsteriskBinary
from ivr.pbx.private_files import write_private
from ivr.pbx.render import render
from ivr.pbx.settings import PbxSettings, StartFacts

NOT_NEEDED = ("res_stasis", "app_stasis", "res_ari", "res_websocket_client")
NEEDED = ("app_queue.so", "app_read.so", "app_dial.so", "app_stack.so")
WRAP_UP_S = 1

DIALPLAN = """\
[general]
static = yes
writeprotect = yes

[from-trunk]
; The journey: answer, prompt cut short by one key, agent, goodbye.
exten => 4008100002,1,Answer()
 same => n,Read(KEY,site/greeting-default&site/line-hotline,1,,1,5)
 same => n,Queue(hotline,c,,,60)
 same => n,Playback(site/goodbye)
 same => n,Hangup()
; The floor: one Dial, no queue.
exten => _9.,1,Answer()
 same => n,Dial(PJSIP/agent-${EXTEN:1},30)
 same => n,Hangup()

[from-agents]
exten => _X.,1,Hangup()
"""

QUEUES = """\
[general]
persistentmembers = no
autofill = yes
shared_lastcall = yes

[hotline]
strategy = leastrecent
timeout = 15
retry = 1
wrapuptime = {wrap_up_s}
ringinuse = no
autofill = yes
joinempty = yes
leavewhenempty = no
musicclass = site
announce-frequency = 0
{members}
"""


def render_app_queue(settings: PbxSettings, binary: AsteriskBinary, facts: StartFacts) -> Path:
    """As `ivr.pbx.render.render`, for `AsteriskProcess`."""
    path = render(settings, binary, facts)
    etc = path.parent
    modules = (etc / "modules.conf").read_text(encoding="utf-8").splitlines()
    kept = [line for line in modules if not any(name in line for name in NOT_NEEDED)]
    write_private(etc / "modules.conf", "\n".join([*kept, *(f"require = {name}" for name in NEEDED)]) + "\n")
    write_private(etc / "extensions.conf", DIALPLAN)
    members = "\n".join(f"member => PJSIP/agent-{agent}" for agent in settings.agents)
    write_private(etc / "queues.conf", QUEUES.format(wrap_up_s=WRAP_UP_S, members=members))
    write_private(etc / "queuerules.conf", "[general]\n")
    write_private(etc / "stasis.conf", "")  # app_queue lives by the states of devices, which ours has no use for
    return path
