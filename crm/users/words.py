"""Labels of the roles in both languages (rules)."""

from typing import Final

from config.words import Labels, Words

ROLES: Final[Labels] = {
    "agent": Words("坐席", "Agent"),
    "supervisor": Words("班长", "Supervisor"),
    "administrator": Words("管理员", "Administrator"),
}
