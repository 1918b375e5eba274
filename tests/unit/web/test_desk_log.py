"""What a desk keeps for its pages: the newest of each state, every screen pop until it was seen, and a bound."""

from app.web.wire.desk_log import MAX_OTHERS, MAX_POPS, About, DeskLog, Message, MessageType
from app.web.wire.desk_messages import TicketChanged


def message(seq: int, kind: MessageType, subject: str, *, settled: bool = False, ticket: str | None = None) -> Message:
    about = About(kind, subject, ticket, settled=settled)
    return Message(seq=seq, about=about, content=lambda: TicketChanged(ticket="t", version=1))


def pop(seq: int, call: str) -> Message:
    return message(seq, "screen_pop", call, ticket=f"ticket-of-{call}")


def seqs(messages: list[Message]) -> list[int]:
    return [one.seq for one in messages]


def test_of_a_state_only_the_newest_is_kept():
    log = DeskLog()
    for seq in range(1, 6):
        log.add(message(seq, "agent_state", "8001"))
    assert seqs(log.after(0)) == [5]


def test_calls_do_not_push_each_other_out():
    log = DeskLog()
    log.add(message(1, "call", "c-1"))
    log.add(message(2, "call", "c-2"))
    log.add(message(3, "call", "c-1"))
    assert seqs(log.after(0)) == [2, 3]


def test_a_page_that_was_away_gets_only_what_it_has_not_seen():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.add(message(2, "call", "c-1"))
    log.add(message(3, "agent_state", "8001"))
    assert seqs(log.after(1)) == [2, 3]


def test_a_page_just_opened_gets_the_running_call_even_when_another_page_has_confirmed_it():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.add(message(2, "call", "c-1"))
    log.ack(2)
    assert seqs(log.after(None)) == [1, 2]


def test_a_page_just_opened_gets_no_old_news_of_tickets():
    log = DeskLog()
    log.add(message(1, "ticket", "20261122-0001"))
    assert log.after(None) == []
    assert seqs(log.after(0)) == [1]


def test_a_pop_nobody_confirmed_stays_after_its_call():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.add(message(2, "call", "c-1", settled=True))
    log.add(message(3, "agent_state", "8001", settled=True))
    assert seqs(log.after(None)) == [1, 2, 3]


def test_a_confirmed_pop_stays_during_wrap_up_and_goes_after_it():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.ack(1)
    log.add(message(2, "call", "c-1", settled=True))
    log.add(message(3, "agent_state", "8001"))
    assert seqs(log.after(None)) == [1, 2, 3]
    log.add(message(4, "agent_state", "8001", settled=True))
    assert seqs(log.after(None)) == [4]


def test_a_confirmation_of_the_future_confirms_only_what_there_is():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.ack(10**12)
    assert log.acked == 1
    log.add(pop(2, "c-2"))
    log.add(message(3, "call", "c-2", settled=True))
    log.add(message(4, "agent_state", "8001", settled=True))
    assert 2 in seqs(log.after(None))


def test_the_log_is_bounded_and_says_which_pops_were_lost():
    log = DeskLog()
    lost = [gone.about.subject for seq in range(1, MAX_POPS + 3) for gone in log.add(pop(seq, f"c-{seq}"))]
    assert lost == ["c-1", "c-2"]
    assert log.forgotten == 2
    for seq in range(1000, 1000 + 2 * MAX_OTHERS):
        log.add(message(seq, "ticket", f"t-{seq}"))
    assert len(log.after(0)) == MAX_POPS + MAX_OTHERS


def test_tickets_are_at_hand_from_the_pop_to_the_end_of_wrap_up():
    log = DeskLog()
    log.add(pop(1, "c-1"))
    log.ack(1)
    assert log.tickets_at_hand() == {"ticket-of-c-1"}
    log.add(message(2, "call", "c-1", settled=True))
    log.add(message(3, "agent_state", "8001"))
    assert log.tickets_at_hand() == {"ticket-of-c-1"}
    log.add(message(4, "agent_state", "8001", settled=True))
    assert log.tickets_at_hand() == frozenset()
