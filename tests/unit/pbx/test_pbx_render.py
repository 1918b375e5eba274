"""What Asterisk is given: no port, no dangerous module, no secret that others can read, nothing unchecked."""

import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.calls.telephones import LEAST_SILENCE_S, SilentLines, Telephones
from config.loading.load import load_site
from config.paths import DataDir
from ivr.pbx.prefix.errors import PbxError
from ivr.pbx.prefix.install import AsteriskBinary
from ivr.pbx.prefix.templates import module_names
from ivr.pbx.render import render, render_agents
from ivr.pbx.settings import PbxSettings, SipTls, StartFacts
from tests.unit.config.workshop import DEMO

SECRET = "s" * 32
FACTS = StartFacts(
    ari_user="asterisk",
    ari_password="p" * 32,
    controller_host="127.0.0.1",
    controller_port=8099,
    sip_host="127.0.0.1",
    sip_port=5070,
    rtp_first=12002,
    rtp_last=12999,
    entity_id="02:00:00:00:00:01",
)


@pytest.fixture
def binary(tmp_path: Path) -> AsteriskBinary:
    (tmp_path / "share/sounds/en_US_f_Allison").mkdir(parents=True)
    return AsteriskBinary(("asterisk",), "22.10.1", tmp_path / "modules", tmp_path / "share")


@pytest.fixture
def settings(tmp_path: Path) -> PbxSettings:
    return PbxSettings(
        data=DataDir(tmp_path / "data"),
        site_prompts=tmp_path / "prompts",
        sip_host="127.0.0.1",
        sip_port=5070,
        controller_host="127.0.0.1",
        controller_port=8099,
        trunk_match=("127.0.0.2", "192.0.2.0/28"),
        trunk_outbound="127.0.0.2:5080",
        agents={"8001": SECRET},
    )


def etc(settings: PbxSettings, name: str) -> str:
    return (settings.data.asterisk / "etc" / name).read_text(encoding="utf-8")


def test_every_file_is_its_owners_alone(settings: PbxSettings, binary: AsteriskBinary) -> None:
    configuration = render(settings, binary, FACTS)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in configuration.parent.iterdir()}
    assert modes and set(modes.values()) == {0o600}
    for folder in (settings.data.asterisk, settings.data.messages, settings.data.recordings):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_field_is_left_open(settings: PbxSettings, binary: AsteriskBinary) -> None:
    configuration = render(settings, binary, FACTS)

    for path in configuration.parent.iterdir():
        assert "@{" not in path.read_text(encoding="utf-8"), path.name


def test_modules_are_listed_and_the_dangerous_ones_are_not() -> None:
    names = module_names()

    assert {"chan_pjsip.so", "app_stasis.so", "res_websocket_client.so", "res_ari_channels.so"} <= set(names)
    forbidden = re.compile(
        r"func_shell|func_curl|func_env|app_system|manager|http_media_cache|anonymous|app_dial|res_agi"
    )
    assert not [name for name in names if forbidden.search(name)]
    assert len(names) == len(set(names))


def test_no_port_is_open_and_nothing_lives_dangerously(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)

    assert re.search(r"^enabled = no$", etc(settings, "http.conf"), re.MULTILINE)
    assert re.search(r"^enabled = no$", etc(settings, "manager.conf"), re.MULTILINE)
    assert "live_dangerously = no" in etc(settings, "asterisk.conf")
    assert "bind = 127.0.0.1:5070" in etc(settings, "pjsip.conf")
    assert "bind_rtp_to_media_address = yes" in etc(settings, "pjsip.conf")


def test_the_dialplan_never_dials(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)

    lines = [line for line in etc(settings, "extensions.conf").splitlines() if not line.startswith(";")]
    assert not re.search(r"\b(Dial|System|TrySystem|Originate|AGI)\(", "\n".join(lines))
    # What a caller controls reaches an application's arguments through FILTER only.
    raw = [line for line in lines if "${EXTEN" in line or "${CALLERID" in line]
    assert raw and all("FILTER(" in line for line in raw)


def test_the_fallback_is_in_the_third_ring_at_the_latest(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)

    timeouts = re.findall(r"exten => .*?TIMEOUT\(absolute\)=(\d+)", etc(settings, "extensions.conf"), re.DOTALL)
    assert timeouts[0] == "12"


def test_the_trunk_is_known_by_its_addresses_only(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)

    text = etc(settings, "pjsip.conf")
    assert re.findall(r"^match = (.*)$", text, re.MULTILINE) == ["127.0.0.2", "192.0.2.0/28"]
    assert "contact = sip:127.0.0.2:5080" in text


def test_a_site_without_outbound_trunk_has_no_contact(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(replace(settings, trunk_outbound=None), binary, FACTS)

    assert "contact =" not in etc(settings, "pjsip.conf")


def test_a_system_on_all_addresses_behind_nat_says_so(settings: PbxSettings, binary: AsteriskBinary) -> None:
    open_settings = replace(settings, sip_host="0.0.0.0", media_address="203.0.113.7")
    render(open_settings, binary, replace(FACTS, sip_host="0.0.0.0"))

    text = etc(settings, "pjsip.conf")
    assert "external_media_address = 203.0.113.7" in text
    assert "bind_rtp_to_media_address" not in text


def test_an_agents_secret_is_in_its_section(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)
    render_agents(replace(settings, agents={"8001": SECRET, "8002": "t" * 24}, transfer_key=True))

    text = etc(settings, "pjsip_agents.conf")
    assert f"username = agent-8001\npassword = {SECRET}" in text
    assert f"username = agent-8002\npassword = {'t' * 24}" in text
    assert text.count("allow_transfer = yes") == 2


def test_transfers_by_telephones_are_refused_unless_switched_on(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)
    render_agents(replace(settings, agents={"8001": SECRET}))
    assert "allow_transfer = no" in etc(settings, "pjsip_agents.conf")


@pytest.mark.parametrize("telephones", [Telephones(), load_site(DEMO).telephones], ids=["default", "demo site"])
def test_a_site_switches_transfers_by_telephones_on_by_itself(telephones: Telephones) -> None:
    assert telephones.transfer_key is False


def rtp_timeouts(settings: PbxSettings) -> tuple[int, int]:
    """Of every party, on the line and on hold: seconds."""
    text = etc(settings, "pjsip.conf")
    lines = re.findall(r"^rtp_timeout(_hold)? = (\d+)$", text, re.MULTILINE)
    assert [hold for hold, _ in lines] == ["", "_hold"]
    return int(lines[0][1]), int(lines[1][1])


def test_a_silent_line_is_not_cut_within_ten_minutes(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)
    line_s, hold_s = rtp_timeouts(settings)
    assert LEAST_SILENCE_S == 600 <= line_s < hold_s
    assert (line_s, hold_s) == (SilentLines().after_s, SilentLines().hold_s)


def test_a_site_says_how_long_a_line_may_be_silent(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(replace(settings, rtp_timeout_s=1200, rtp_timeout_hold_s=3600), binary, FACTS)
    assert rtp_timeouts(settings) == (1200, 3600)


@pytest.mark.parametrize("rules", [{"after_s": 30}, {"hold_s": 0}, {"after_s": 1800, "hold_s": 900}])
def test_a_site_cannot_have_silent_callers_cut(rules: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        SilentLines(**rules)


@pytest.mark.parametrize(
    "change",
    [
        {"trunk_match": ("127.0.0.2\n[evil]",)},
        {"trunk_match": ()},
        {"trunk_outbound": "host;transport=tcp"},
        {"media_address": "1.2.3.4\nexternal"},
        {"agents": {"80]01": SECRET}},
        {"agents": {"8001": "short"}},
        {"agents": {"8001": SECRET + "\npassword=x"}},
    ],
)
def test_values_that_would_break_out_of_a_line_are_refused(
    settings: PbxSettings, binary: AsteriskBinary, change: dict[str, object]
) -> None:
    with pytest.raises(PbxError):
        render(replace(settings, **change), binary, FACTS)  # type: ignore[arg-type]


def test_a_path_too_long_for_a_socket_is_refused(settings: PbxSettings, binary: AsteriskBinary, tmp_path: Path) -> None:
    with pytest.raises(PbxError, match="too long"):
        render(replace(settings, data=DataDir(tmp_path / ("d" * 100))), binary, FACTS)


def test_prompts_are_linked_where_sound_uris_find_them(
    settings: PbxSettings, binary: AsteriskBinary, tmp_path: Path
) -> None:
    render(settings, binary, FACTS)
    other = tmp_path / "other"
    render(replace(settings, site_prompts=other), binary, FACTS)

    sounds = settings.data.asterisk / "share/sounds"
    assert (sounds / "site").readlink() == other
    assert (sounds / "zh/site").readlink() == other
    assert (sounds / "en").readlink().name == "en_US_f_Allison"
    assert (settings.data.asterisk / "moh/wait-music.wav").readlink() == other / "wait-music.wav"


TLS = SipTls(port=5061, certificate=Path("/etc/sip/a.crt"), key=Path("/etc/sip/a.key"))


def test_telephones_have_tls_and_encryption_as_the_site_says(settings: PbxSettings, binary: AsteriskBinary) -> None:
    render(settings, binary, FACTS)
    assert "transport-tls" not in etc(settings, "pjsip.conf")
    assert "transport = transport-udp" in etc(settings, "pjsip_agents.conf")

    for encryption, expected in (
        ("none", ()),
        ("optional", ("media_encryption = sdes", "media_encryption_optimistic = yes")),
        ("required", ("transport = transport-tls", "media_encryption = sdes")),
    ):
        secured = replace(settings, tls=TLS, media_encryption=encryption)
        render(secured, binary, FACTS)
        transport = etc(secured, "pjsip.conf")
        assert "protocol = tls\nmethod = sslv23\nbind = 127.0.0.1:5061\ncert_file = /etc/sip/a.crt" in transport
        (ciphers,) = (line.split(" = ")[1].split(",") for line in transport.splitlines() if line.startswith("cipher ="))
        assert ciphers and all(name.startswith("ECDHE-") and "-GCM-" in name for name in ciphers), "none older than 1.2"
        agents = etc(secured, "pjsip_agents.conf").splitlines()
        said = {line for line in agents if line.startswith(("transport", "media_encryption"))}
        assert said == set(expected), encryption


def test_a_tls_file_that_would_break_out_of_its_line_is_refused(settings: PbxSettings, binary: AsteriskBinary) -> None:
    with pytest.raises(PbxError, match="TLS file"):
        render(replace(settings, tls=replace(TLS, key=Path("/etc/a;b.key"))), binary, FACTS)
