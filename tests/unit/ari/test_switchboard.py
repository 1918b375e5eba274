"""What events mean for channels: arrivals once, gone once, digits bounded, causes kept. No socket."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from config.ids import ChannelId
from ivr.ari.client import AriClient
from ivr.ari.exchange import Exchange
from ivr.ari.leg import MAILBOX_SIZE, Leg, MailboxFull
from ivr.ari.snapshot import live_channels
from ivr.ari.switchboard import Switchboard
from ivr.ari.wire import model
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.port.telephony import Arrival
from ivr.port.values import DialFailed, DialOutcome, Digit
from tests.unit.ari.test_generated_model import CHANNEL

AT = datetime(2026, 11, 22, 1, 54, 44, tzinfo=UTC)


class Board:
    """A switchboard whose arrivals are written down."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        socket = AriSocket(SocketAddress(host="127.0.0.1", port=1), lambda: ("", ""))
        self.exchange = Exchange(AriClient(socket), lambda: AT, Path("/data"), None)
        self.switchboard = Switchboard(self.exchange, self.arrivals.append)

    def hear(self, kind: type[model.Event], at: datetime = AT, **fields: object) -> None:
        event = msgspec.convert({"type": kind.__name__, "timestamp": at, **fields}, type=model.AnyEvent, strict=False)
        self.switchboard.hear(event)

    def start(self, *args: str, **changed: object) -> None:
        self.hear(model.StasisStart, args=list(args), channel=CHANNEL | changed)


@pytest.fixture
async def board() -> Board:
    return Board()


async def test_an_inbound_channel_arrives_once(board: Board) -> None:
    board.start("inbound", "4008100002")
    board.start("inbound", "4008100002")
    (arrived,) = board.arrivals
    assert (arrived.dnis, arrived.ani, arrived.entered_at) == ("4008100002", "13800138000", AT)
    assert arrived.invited_at == datetime(2026, 11, 22, 1, 54, 44, 471000, tzinfo=UTC)


async def test_names_and_numbers_from_outside_are_cleaned(board: Board) -> None:
    board.start("inbound", "400;81${X}", caller={"name": 'Wang "${SHELL(x)}"\r\n', "number": "sip:138<1>"})
    (arrived,) = board.arrivals
    assert (arrived.dnis, arrived.ani, arrived.name) == ("40081", "1381", "Wang SHELL(x)}")


async def test_a_stranger_s_arguments_are_no_arrival(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    board.start("something")
    board.start()
    assert board.arrivals == []
    assert [getattr(record, "action", "") for record in caplog.records] == ["ari_unknown_role"] * 2


async def test_the_first_news_of_the_end_counts(board: Board) -> None:
    board.start("inbound", "4008100002")
    channel = board.arrivals[0].channel
    board.hear(model.StasisEnd, AT + timedelta(seconds=1), channel=CHANNEL)
    board.hear(model.ChannelDestroyed, AT + timedelta(seconds=2), channel=CHANNEL, cause=16, cause_txt="")
    assert channel.gone_at == AT + timedelta(seconds=1)
    assert len(board.switchboard) == 0


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (17, DialOutcome.BUSY),
        (18, DialOutcome.NO_ANSWER),
        (19, DialOutcome.NO_ANSWER),
        (21, DialOutcome.REJECTED),
        (20, DialOutcome.UNREACHABLE),
        (3, DialOutcome.UNREACHABLE),
        (27, DialOutcome.UNREACHABLE),
        (0, DialOutcome.CONGESTED),
        (34, DialOutcome.CONGESTED),
        (44, DialOutcome.CONGESTED),
    ],
)
async def test_a_cause_says_why_nobody_answered(board: Board, cause: int, outcome: DialOutcome) -> None:
    channel = board.switchboard.expect(ChannelId(str(CHANNEL["id"])))
    board.hear(model.ChannelDestroyed, channel=CHANNEL, cause=cause, cause_txt="")
    with pytest.raises(DialFailed) as failed:
        await channel.answered()
    assert (failed.value.reason, failed.value.cause) == (outcome, cause)


async def test_congestion_that_the_telephone_tells_of_is_its_own(board: Board) -> None:
    """It was reached: a 503 of its own came back, or a customer's network said so. Without any answer it is ours."""
    for prepared, sip_answer in ((False, 503), (True, 503), (True, 0)):
        channel = board.switchboard.expect(ChannelId(str(CHANNEL["id"])))
        channel.leg.prepared = prepared
        told = {"tech_cause": sip_answer} if sip_answer else {}
        board.hear(model.ChannelDestroyed, channel=CHANNEL, cause=34, cause_txt="", **told)
        with pytest.raises(DialFailed) as failed:
            await channel.answered()
        assert failed.value.reason is (DialOutcome.UNREACHABLE if sip_answer else DialOutcome.CONGESTED)


@pytest.mark.parametrize("cause", [0, 16, None])
async def test_a_customers_leg_that_ends_at_once_was_never_sent_if_asterisk_tells_of_no_answer(
    board: Board, cause: int | None
) -> None:
    """Without a port Asterisk clears it (16). Where it has not said why, the party may have answered."""
    channel = board.switchboard.expect(ChannelId(str(CHANNEL["id"])))
    channel.leg.prepared = True
    board.start("dialled", state="Down")
    board.hear(model.StasisEnd, channel=CHANNEL)
    if cause is not None:
        board.hear(model.ChannelDestroyed, channel=CHANNEL, cause=cause, cause_txt="")
    with pytest.raises(DialFailed) as failed:
        await channel.answered()
    assert failed.value.reason is (DialOutcome.UNREACHABLE if cause is None else DialOutcome.CONGESTED)


async def test_a_telephone_that_rang_was_reached(board: Board) -> None:
    channel = board.switchboard.expect(ChannelId(str(CHANNEL["id"])))
    board.hear(model.ChannelStateChange, channel=CHANNEL | {"state": "Ringing"})
    board.hear(model.ChannelDestroyed, channel=CHANNEL, cause=0, cause_txt="")
    with pytest.raises(DialFailed) as failed:
        await channel.answered()
    assert failed.value.reason is DialOutcome.UNREACHABLE


async def test_only_legs_that_take_a_caller_s_port_are_counted(board: Board) -> None:
    for leg in ("1", "2", "call-1.agent1.8001", "call-1.supervisor1", "call-1.snoop1", "call-1.outside2"):
        board.switchboard.expect(ChannelId(leg))
    assert (len(board.switchboard), board.switchboard.legs) == (6, 3)


async def test_the_cause_of_a_prepared_channel_is_waited_for(board: Board) -> None:
    channel = board.switchboard.expect(ChannelId(str(CHANNEL["id"])))
    channel.leg.prepared = True
    board.start("dialled", state="Down")
    board.hear(model.StasisEnd, channel=CHANNEL)
    assert not channel.gone
    board.hear(model.ChannelDestroyed, channel=CHANNEL, cause=17, cause_txt="")
    with pytest.raises(DialFailed) as failed:
        await channel.answered()
    assert failed.value.reason is DialOutcome.BUSY


async def test_events_of_channels_that_are_not_ours_mean_nothing(board: Board) -> None:
    for kind in (model.StasisEnd, model.ChannelStateChange):
        board.hear(kind, channel=CHANNEL)
    board.hear(model.ChannelDtmfReceived, channel=CHANNEL, digit="1", duration_ms=80)
    assert board.arrivals == []


def test_the_mailbox_of_digits_is_bounded() -> None:
    leg = Leg(ChannelId("c"))
    for _ in range(MAILBOX_SIZE):
        leg.pressed(Digit(digit="1", at=AT))
    with pytest.raises(MailboxFull):
        leg.pressed(Digit(digit="1", at=AT))


def _channel(app_name: str, app_data: str, **changed: object) -> model.Channel:
    plan = {"context": "c", "exten": "s", "priority": 1, "app_name": app_name, "app_data": app_data}
    return msgspec.convert(CHANNEL | {"dialplan": plan} | changed, type=model.Channel, strict=False)


def test_a_snapshot_names_only_what_is_ours() -> None:
    live = live_channels(
        [
            _channel("Stasis", "sanxiang,inbound,4008100002", id="1"),
            _channel("Stasis", "sanxiang,dialled", id="2", state="Up"),
            _channel("AppDial2", "(Outgoing Line)", id="3"),
            _channel("Stasis", "other,inbound,4008100002", id="4"),
            _channel("Record", "x.wav", id="5"),
            _channel("", "", id="6"),
        ],
        "sanxiang",
    )
    assert [(one.channel_id, one.role, one.up, one.dnis) for one in live] == [
        ("1", "inbound", False, "4008100002"),
        ("2", "dialled", True, ""),
        ("3", "dialled", False, ""),
    ]


@pytest.mark.parametrize("path", ["/data/x.wav", "/data/recordings/x.mp3", "/elsewhere/recordings/x.wav"])
async def test_recordings_lie_where_asterisk_can_write_them(board: Board, path: str) -> None:
    with pytest.raises(ValueError):
        board.exchange.recording_name(Path(path))
    assert board.exchange.recording_name(Path("/data/recordings/2026-11/x.wav")) == "recordings/2026-11/x"
