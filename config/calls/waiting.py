"""What a waiting caller hears besides music, and may ask for by a key. When: ivr/words/wait_words.py. TEL-5, FUP-1.

`…_after_s`: how long into the wait it is said first; null: never. `…_every_s`: how often from then on.
"""

from typing import Annotated

from pydantic import Field

from config.values.fields import Model, PromptId, Seconds

# A default that names a prompt, as a file would write it: so it is checked in a site that leaves it out.
_UNCHECKED_COMFORT = ("comfort",)


class WaitRules(Model):
    """For all queues; a queue's own `wait` takes the place of all of it.

    Position: how many are ahead, and, with `estimate`, the wait to be expected. `comfort`: these, in turn. `callback`:
    press 1, keep the place, be called when it is your turn. `message`: press 2 to leave a message. `offer_…`: when both
    are said. `callback_retry_s`: who is not reached is tried again after so long.
    """

    sorry_after_s: Seconds | None = 60
    sorry_every_s: Seconds = 60
    position_after_s: Seconds | None = None
    position_every_s: Seconds = 60
    estimate: bool = True
    comfort: Annotated[tuple[PromptId, ...], Field(min_length=1)] = Field(default=_UNCHECKED_COMFORT)
    comfort_after_s: Seconds | None = None
    comfort_every_s: Seconds = 60
    callback: bool = False
    message: bool = False
    offer_after_s: Seconds = 40
    offer_every_s: Seconds = 90
    callback_retry_s: Seconds = 300
