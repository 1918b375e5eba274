"""The audit trail's key, and where it is told outside how a day ended (ACC-5). audit.yaml, models only.

Addresses are secrets, so the file names them only, as reports.yaml does: NAME stands for a line `NAME = URL` in
DATA/report-addresses.
"""

from typing import Annotated

from pydantic import Field

from config.service.reports import Names
from config.values.fields import Model

PathText = Annotated[str, Field(min_length=1, max_length=500)]


class Audit(Model):
    """audit.yaml. Paths that do not begin with / are meant from the site's directory.

    `key`: the file of keys, outside the data directory; `send_heads_to`: names of addresses (mail, web hook, syslog …)
    that are told each day how it ended; `copy_heads_to`: a file that gets the same lines, on another disk or machine.
    """

    key: PathText = "audit.key"
    send_heads_to: Names = ()
    copy_heads_to: PathText | None = None
