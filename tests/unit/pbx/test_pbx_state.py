"""What is kept under --data: state, secrets; and the rules for restarts and port blocks."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from config.paths import DataDir
from ivr.pbx.ports import block_starts, ports_wanted, reserve_rtp_block, room_for
from ivr.pbx.prefix.errors import PbxError
from ivr.pbx.private_files import agent_secrets, write_private
from ivr.pbx.processes import ProcessId
from ivr.pbx.restarts import RestartBudget
from ivr.pbx.settings import StartFacts
from ivr.pbx.state import PbxState, load_state, save_state, state_file

FACTS = StartFacts("asterisk", "secret", "127.0.0.1", 8099, "127.0.0.1", 5070, 12002, 12999, "02:00:00:00:00:01")


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    (tmp_path / "asterisk").mkdir()
    return DataDir(tmp_path)


@pytest.mark.parametrize("process", [None, ProcessId(4711, 99, "boot")])
def test_a_state_is_read_back_as_written(data: DataDir, process: ProcessId | None) -> None:
    state = PbxState(FACTS, "22.10.1", process)

    save_state(data, state)

    assert load_state(data) == state
    assert stat.S_IMODE(state_file(data).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{}", '{"process": null, "facts": {"port": 1}, "version": "22"}', "[1]"])
def test_an_unreadable_state_is_no_state(data: DataDir, text: str) -> None:
    state_file(data).write_text(text)

    assert load_state(data) is None


def test_credentials_are_not_shown(data: DataDir) -> None:
    assert "secret" not in repr(FACTS)


def test_a_private_file_is_private_also_when_it_replaces_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, "new")

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_agents_keep_their_secrets_and_new_ones_get_their_own(data: DataDir) -> None:
    first = agent_secrets(data, ["8001", "8002"])
    second = agent_secrets(data, ["8002", "8003"])

    assert second["8002"] == first["8002"]
    assert len({*first.values(), *second.values()}) == 3
    assert all(len(secret) >= 20 for secret in second.values())
    assert agent_secrets(data, ["8001"]) == {"8001": first["8001"]}
    assert stat.S_IMODE((data.asterisk / "agent-secrets.json").stat().st_mode) == 0o600


def test_three_restarts_in_a_minute_and_not_a_fourth() -> None:
    budget = RestartBudget()

    assert [budget.take(now) for now in (0.0, 1.0, 2.0, 3.0)] == [True, True, True, False]
    assert budget.take(59.9) is False
    assert budget.take(60.0) is True
    assert budget.take(60.5) is False
    assert budget.take(61.0) is True


def test_port_blocks_begin_at_the_seed_and_cover_the_range_once() -> None:
    starts = list(block_starts(1000, seed=7))

    assert starts[0] == 17_000
    assert sorted(starts) == list(range(10_000, 32_000, 1000))


def test_two_systems_never_get_the_same_block() -> None:
    first = reserve_rtp_block(500, seed=3)
    second = reserve_rtp_block(500, seed=3)
    with closing(first), closing(second):
        assert first.last < second.first or second.last < first.first
        assert first.first % 2 == 0 and first.last - first.first == 497


@pytest.mark.parametrize(("large", "small"), [(3000, 1000), (3000, 40), (4000, 1500)])
def test_blocks_of_different_sizes_do_not_lie_in_one_another(large: int, small: int) -> None:
    first = reserve_rtp_block(large, seed=0)
    with closing(first):
        for seed in range(22):
            second = reserve_rtp_block(small, seed)
            with closing(second):
                assert first.last < second.first or second.last < first.first


@pytest.mark.parametrize("telephones", [1, 9, 100, 1000])
@pytest.mark.parametrize("reserved_legs", [0, 20])
def test_each_telephone_and_the_reserve_have_a_port_whoever_waits(telephones: int, reserved_legs: int) -> None:
    size = ports_wanted(telephones, 1000, reserved_legs)
    block = reserve_rtp_block(size, seed=0)
    block.close()
    room = room_for(block.first, block.last, telephones, reserved_legs)
    free = [port for port in range(block.first, block.last, 2) if (port - block.first + 2) % 1000]
    assert room + telephones + reserved_legs == len(free)
    assert room >= telephones + 1000, "a caller for each telephone, and those who hear a menu"


def test_a_range_too_small_for_the_telephones_takes_one_call_all_the_same() -> None:
    assert room_for(10_002, 10_019, telephones=50, reserved_legs=20) == 1


@pytest.mark.parametrize("size", [0, 3, 101, 50_000])
def test_impossible_sizes_are_refused(size: int) -> None:
    with pytest.raises(PbxError):
        reserve_rtp_block(size, seed=0)
