"""The running calls, agents and queues as pages see them and supervisors act on them (flow)."""
