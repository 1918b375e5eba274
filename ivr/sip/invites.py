"""Which INVITEs of the trunk came to nothing that ARI tells of (rules: time is an argument). TKT-1

Asterisk refuses some by itself, before there is a channel: a codec that it has not, a header that it cannot read. Each
was somebody who called. An INVITE counts as served when its call arrives at the controller by its Call-ID; one that was
refused, or never answered, is unserved.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from ivr.sip.message import Answered, Invited, Message, Within

MOST = 20_000
"""Of INVITEs that wait for their call, and of Call-IDs that are known: past it the oldest is forgotten."""
ARRIVES_WITHIN_S = 3.0
"""So long after a refusal the news of the call itself may come: it goes another way."""
SEEN = 255
"""So many bytes of a Call-ID does ARI tell of."""
SILENT_S = 40.0
"""Longer than any caller's side waits for an answer (RFC 3261, timer B: 32 s)."""
CHALLENGED = (401, 407)
CANCELLED = 487


@dataclass(frozen=True)
class Unserved:
    """An INVITE that never became a call of ours. `status`: Asterisk's answer, 0: none came."""

    invited: Invited
    invited_at: float
    status: int

    @property
    def cancelled(self) -> bool:
        """The caller's side gave up before anything else."""
        return self.status == CANCELLED


@dataclass(frozen=True)
class _Open:
    invited: Invited
    at: float
    status: int = 0
    refused_at: float | None = None

    def is_tried_again(self, invite: Invited) -> bool:
        """Refused, and then in another way."""
        return self.refused_at is not None and invite.cseq != self.invited.cseq

    def is_due(self, now: float) -> bool:
        if self.refused_at is not None:
            return now - self.refused_at >= ARRIVES_WITHIN_S
        return now - self.at >= SILENT_S


class Invites:
    """All that were heard of lately. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._open: OrderedDict[bytes, _Open] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def heard(self, message: Message, now: float) -> None:
        """The same message may come several times: UDP repeats what is not acknowledged."""
        key = message.call_id[:SEEN]
        if key in self._known:
            return
        before = self._open.get(key)
        match message:
            case Within():
                self.arrived(key)
            case Invited() if before is None or before.is_tried_again(message):
                self._keep(key, _Open(message, before.at if before else now))
            case Answered(status=status) if status not in CHALLENGED:
                if status < 300:
                    self.arrived(key)
                elif before is None:  # the controller that heard the INVITE is no more
                    self._keep(key, _Open(message.invited, now, status, now))
                elif before.refused_at is None:
                    self._keep(key, replace(before, status=status, refused_at=now))
            case _:
                pass

    def arrived(self, call_id: bytes) -> None:
        """The call is with the controller, which puts it on record."""
        self._open.pop(call_id[:SEEN], None)
        self._known[call_id[:SEEN]] = None
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def unserved(self, now: float) -> list[Unserved]:
        """Those that are certain by now, each once."""
        due = [one for one in self._open.values() if one.is_due(now)]
        for one in due:
            self.arrived(one.invited.call_id)
        return [Unserved(one.invited, one.at, one.status) for one in due]

    def _keep(self, key: bytes, invite: _Open) -> None:
        self._open[key] = invite
        if len(self._open) > MOST:
            self._open.popitem(last=False)
