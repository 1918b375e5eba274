"""Who waits for whom inside this process: the garbage collector, and the threads beside the loop. A pause of theirs is
a pause of every call."""

import gc
import sys
from typing import Final

YOUNG_OBJECTS: Final = 100_000
"""Containers that have come and not gone before the young ones are looked at (Python's own: 700). A look costs 2 µs for
each that is there, all at once; 60 calls a second keep 14 000 of them alive, and hardly any is garbage: what calls
leave behind has no circles."""

TURN_S: Final = 0.0005
"""How long a thread may go on while another one wants the interpreter (Python's own: 5 ms). The loop gives it away with
every write to the journal, and may have to wait so long each time for the thread that projects."""


def shorten_thread_turns() -> None:
    """To be called before any thread has much to do."""
    sys.setswitchinterval(TURN_S)


def freeze_lasting_objects() -> None:
    """To be called once all is built and before calls come: what is there now stays, and is never looked at again.

    A full collection over what a start loads takes a tenth of a second; over what calls bring along, a millisecond.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
