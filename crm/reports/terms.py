"""The terms that come up in many matters (rules): runs of Chinese characters, without a dictionary. RPT-2.

A run counts once for each matter. Of runs that come up together only the longest is told: 停车场, not 停车 and 车场.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST: Final = 6
"""Characters."""
LEAST: Final = 3
"""In so many matters; what comes up less often may be somebody's name."""
TOGETHER: Final = 0.8
"""A run is left out when a longer one comes up in at least this share of its matters."""
HEARD: Final = 200
"""Characters of a matter that count: what it is about stands first."""

_RUN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_JOINTS: Final = re.compile(
    "[的了吗呢吧啊我你您他她它们是在有和与及就也都不没很被把请问要想能会可以对从到为于这那哪什么怎样个给让着过说]"
)
"""Characters that join words and are hardly ever part of a term."""


def terms(matters: Iterable[str]) -> Counter[str]:
    """Each term and in how many matters it comes up."""
    found: Counter[str] = Counter()
    for matter in matters:
        found.update(set(_runs(matter[:HEARD])))
    often = {run: count for run, count in found.items() if count >= LEAST}
    covered = {
        part
        for run, count in often.items()
        if len(run) > 2
        for part in (run[:-1], run[1:])
        if count >= TOGETHER * often[part]
    }
    return Counter({run: count for run, count in often.items() if run not in covered})


def _runs(text: str) -> Iterator[str]:
    for piece in _RUN.findall(_JOINTS.sub(" ", text)):
        for start in range(len(piece) - 1):
            for end in range(start + 2, min(start + LONGEST, len(piece)) + 1):
                yield piece[start:end]
