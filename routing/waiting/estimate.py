"""How long a caller still has to wait (rules): a stated estimator, announced in the queue. TEL-5, issue 3.

W. Whitt, "Predicting queueing delays", Management Science 45(6), 1999; with impatience, the Markovian queue-length
predictor of R. Ibrahim, W. Whitt, "Real-time delay estimation in overloaded multiserver queues with abandonments",
Management Science 55(10), 2009.
"""

from math import inf


def expected_wait_s(ahead: int, staffed: int, mean_handling_s: float, patience_s: float | None = None) -> float:
    """The mean wait until an agent is free for a caller with `ahead` others in front, in seconds.

    With `staffed` agents all busy, one becomes free every `mean_handling_s / staffed` on average (handling: from the
    reservation to the end of wrap-up); while i others are in front, one of them gives up every `patience_s / i`
    (None: never). It is this caller's turn after `ahead + 1` such steps: Σ 1 / (staffed/handling + i/patience), i = 0 …
    `ahead`. Assumed: no agent comes or goes, and nobody who comes later goes first. inf without agents.

    How well it can be known is given by the queue itself: what is announced to who is k-th varies by about 1/√k.
    """
    if staffed <= 0:
        return inf
    freed = staffed / mean_handling_s
    if patience_s is None:
        return (ahead + 1) / freed
    return sum(1 / (freed + others / patience_s) for others in range(ahead + 1))
