"""Renders Asterisk's configuration and folders for one data directory. Decides nothing about calls; starts nothing.

Every value that comes from outside is checked here against a strict grammar, since Asterisk's files have no quoting.
"""

import re
import resource
from pathlib import Path

from ivr.pbx.prefix.errors import PbxError
from ivr.pbx.prefix.install import AsteriskBinary
from ivr.pbx.prefix.templates import template
from ivr.pbx.private_files import make_private, write_private
from ivr.pbx.settings import APP, FALLBACK_AFTER_S, PbxSettings, StartFacts

_FILES = (
    "asterisk.conf",
    "modules.conf",
    "logger.conf",
    "http.conf",
    "ari.conf",
    "websocket_client.conf",
    "rtp.conf",
    "stasis.conf",
    "indications.conf",
    "musiconhold.conf",
    "hep.conf",
    "sorcery.conf",
    "pjsip.conf",
    "extensions.conf",
)
# Parts of Asterisk's core that complain when their file is missing, and that we do not use.
_UNUSED = {
    "acl.conf": "",
    "ccss.conf": "[general]\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    "features.conf": "[general]\n",
    "manager.conf": "[general]\nenabled = no\n",
    "pjproject.conf": "",
    "udptl.conf": "[general]\n",
}
_AGENTS_FILE = "pjsip_agents.conf"
_HOST = re.compile(r"[0-9A-Za-z.:-]{1,253}")
_NETWORK = re.compile(r"[0-9A-Fa-f.:]{2,45}(/\d{1,3})?")
_AGENT = re.compile(r"[0-9A-Za-z_]{1,20}")
_SECRET = re.compile(r"[0-9A-Za-z_-]{20,128}")
_FILE = re.compile(r"/[^\s;\[\]@$\\,()&|\"']{1,500}")
_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
)
_MAX_FILES = 65_536
_SOCKET_PATH_MAX = 107
_APOLOGY_MARGIN_S = 60


def render(settings: PbxSettings, binary: AsteriskBinary, facts: StartFacts) -> Path:
    """Writes all of etc/ and the folders around it; returns asterisk.conf. Raises PbxError for an unsafe value."""
    home = settings.data.asterisk.resolve()
    socket = home / "run" / "asterisk.ctl"
    if len(str(socket).encode()) > _SOCKET_PATH_MAX:
        raise PbxError(
            f"the path of --data is too long: {socket} must have at most {_SOCKET_PATH_MAX} bytes; use a shorter one"
        )
    if re.search(r"[\s;\[\]@$\\,()&|\"']", str(home) + str(settings.data.messages.resolve())):
        raise PbxError(f"the path of --data ({home}) has a blank or a sign that Asterisk's files cannot hold")
    _make_folders(home, settings, binary)
    fields = _fields(home, settings, binary, facts)
    for name in _FILES:
        write_private(home / "etc" / name, template(name).substitute(fields))
    for name, text in _UNUSED.items():
        write_private(home / "etc" / name, text)
    render_agents(settings)
    return home / "etc" / "asterisk.conf"


def render_agents(settings: PbxSettings) -> None:
    """Writes the agents' endpoints alone; Asterisk reads them at its next reload of res_pjsip."""
    sections = [
        template("pjsip_agent.conf").substitute(
            agent=_checked(_AGENT, agent, "an agent's id"),
            secret=_checked(_SECRET, secret, "an agent's SIP secret"),
            transfer_key="yes" if settings.transfer_key else "no",
            media=_agent_media(settings),
        )
        for agent, secret in sorted(settings.agents.items())
    ]
    head = "; Agents' telephones, made from the site's agents; changes here are lost.\n\n"
    write_private(settings.data.asterisk.resolve() / "etc" / _AGENTS_FILE, head + "".join(sections))


def _fields(home: Path, settings: PbxSettings, binary: AsteriskBinary, facts: StartFacts) -> dict[str, object]:
    return {
        "app": APP,
        "home": home,
        "modules": binary.modules,
        "messages": settings.data.messages.resolve(),
        "entity_id": facts.entity_id,
        "max_files": min(_MAX_FILES, _hard_file_limit()),
        "ari_user": facts.ari_user,
        "ari_password": facts.ari_password,
        "controller_host": _bracketed(_checked(_HOST, facts.controller_host, "the controller's host")),
        "controller_port": facts.controller_port,
        "rtp_first": facts.rtp_first,
        "rtp_last": facts.rtp_last,
        "sip_bind": f"{_bracketed(_checked(_HOST, facts.sip_host, 'the SIP host'))}:{facts.sip_port}",
        "fallback_after_s": FALLBACK_AFTER_S,
        "apology_max_s": settings.message_max_s + _APOLOGY_MARGIN_S,
        "message_max_s": settings.message_max_s,
        "message_silence_s": settings.message_silence_s,
        "rtp_timeout_s": settings.rtp_timeout_s,
        "rtp_timeout_hold_s": settings.rtp_timeout_hold_s,
        **_trunk_fields(settings),
        **_media_fields(settings),
        "transport_tls": _tls_transport(settings, facts),
    }


def _tls_transport(settings: PbxSettings, facts: StartFacts) -> str:
    """Beside UDP; empty without a certificate.

    Without `method` this Asterisk speaks TLS 1.0 alone. `sslv23` is whatever its OpenSSL has, and these ciphers are of
    TLS 1.2 or 1.3, so that older versions find none, whatever that OpenSSL would allow.
    """
    if settings.tls is None:
        return ""
    files = [_checked(_FILE, str(file), "a TLS file") for file in (settings.tls.certificate, settings.tls.key)]
    host = _bracketed(_checked(_HOST, facts.sip_host, "the SIP host"))
    return (
        "[transport-tls]\ntype = transport\nprotocol = tls\nmethod = sslv23\n"
        f"bind = {host}:{settings.tls.port}\ncert_file = {files[0]}\npriv_key_file = {files[1]}\n"
        f"cipher = {','.join(_CIPHERS)}\n" + _media_fields(settings)["transport_media"]
    )


def _agent_media(settings: PbxSettings) -> str:
    """Keys of SRTP by SDES, so never over UDP where it is required."""
    match settings.media_encryption:
        case "required":
            return "transport = transport-tls\nmedia_encryption = sdes\n"
        case "optional":
            return "media_encryption = sdes\nmedia_encryption_optimistic = yes\n"
        case "none":
            return "" if settings.tls else "transport = transport-udp\n"


def _trunk_fields(settings: PbxSettings) -> dict[str, str]:
    matches = [_checked(_NETWORK, match, "a trunk's address") for match in settings.trunk_match]
    if not matches:
        raise PbxError("the site names no address that the trunk's calls come from (trunk.match)")
    aor = ""
    if settings.trunk_outbound is not None:
        contact = _checked(_HOST, settings.trunk_outbound, "the trunk's outbound address")
        # Not qualified: a provider that ignores OPTIONS would never be dialled.
        aor = f"aors = trunk\n\n[trunk]\ntype = aor\ncontact = sip:{contact}\n"
    return {"trunk_match": "\n".join(f"match = {match}" for match in matches), "trunk_aor": aor}


def _media_fields(settings: PbxSettings) -> dict[str, str]:
    """Audio goes where SIP goes: bound to that one address, or to all; or announced under the address of a NAT."""
    transport = party = ""
    if settings.media_address is not None:
        address = _checked(_HOST, settings.media_address, "the media address")
        transport = (
            f"external_media_address = {address}\nexternal_signaling_address = {address}\nlocal_net = 127.0.0.0/8\n"
        )
    if settings.sip_host not in ("0.0.0.0", "::"):  # noqa: S104 (compared with, not bound)
        party = f"media_address = {settings.sip_host}\nbind_rtp_to_media_address = yes\n"
    return {"transport_media": transport, "party_media": party}


def _make_folders(home: Path, settings: PbxSettings, binary: AsteriskBinary) -> None:
    make_private(home)
    for name in ("etc", "run", "log", "var/keys", "moh", "share/sounds/zh", "spool"):
        (home / name).mkdir(parents=True, exist_ok=True)
    for folder in (settings.data.messages, settings.data.recordings):
        make_private(folder)
    # ARI names recordings below spool/recording and refuses links further down: "messages/<name>" is what is asked for.
    _link(home / "spool/recording", settings.data.root.resolve())
    prompts = settings.site_prompts.resolve()
    share = home / "share"
    _link(share / "documentation", binary.share / "documentation")
    _link(share / "rest-api", binary.share / "rest-api")
    english = binary.share / "sounds" / "en_US_f_Allison"
    _link(share / "sounds/en", english if english.is_dir() else binary.share / "sounds" / "en")
    # `sound:site/<prompt id>`: looked up under the channel's language first, then bare.
    _link(share / "sounds/site", prompts)
    _link(share / "sounds/zh/site", prompts)
    _link(share / "sounds/site-en", prompts.parent / "en")
    _link(home / "moh/wait-music.wav", prompts / "wait-music.wav")


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    link.symlink_to(target)


def _hard_file_limit() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _MAX_FILES if hard == resource.RLIM_INFINITY else hard


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _checked(grammar: re.Pattern[str], value: str, what: str) -> str:
    if not grammar.fullmatch(value):
        raise PbxError(f"{what} is not one that Asterisk can be given: {value!r}")
    return value
