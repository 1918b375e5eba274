"""How long what is known of customers is kept (PIPL, Article 19: no longer than needed). Models only. CUS-4."""

from typing import Annotated

from pydantic import Field

from config.values.fields import Model

Days = Annotated[int, Field(ge=30, le=36_500)]
LogDays = Annotated[int, Field(ge=180, le=36_500)]


class Privacy(Model):
    """privacy.yaml; a site without one keeps cards until somebody asks for their removal.

    `customer_quiet_days`: cards without call, ticket or change for so long are removed, as on request; key customers
    and open matters are not. `change_history_days`, `access_log_days`: how long what changed on cards, and who saw
    them, is known. Recordings have their own limit (`recording.retention_days`).
    """

    customer_quiet_days: Days | None = None
    change_history_days: Days = 1095
    access_log_days: LogDays = 1095
    export_most: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    """Cards that one export may hold."""
