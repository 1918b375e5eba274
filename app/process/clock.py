"""The one place that asks the system what time it is (style §8.5)."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Aware, UTC."""
    return datetime.now(UTC)
