"""The names of things that travel between packages, as types (style: no bare strings for ids)."""

from typing import NewType

CallId = NewType("CallId", str)
"""One customer contact, first ring to last hang-up."""

ChannelId = NewType("ChannelId", str)
"""One leg: a line between Asterisk and one party."""

BridgeId = NewType("BridgeId", str)
AgentId = NewType("AgentId", str)
QueueName = NewType("QueueName", str)
TicketNumber = NewType("TicketNumber", str)
PromptId = NewType("PromptId", str)
