"""Labels of roles, and of what an account and its password may be in, in both languages (rules)."""

from typing import Final

from config.words import Labels, Words

ROLES: Final[Labels] = {
    "agent": Words("坐席", "Agent"),
    "supervisor": Words("班长", "Supervisor"),
    "administrator": Words("管理员", "Administrator"),
}

ACCOUNT_STATES: Final[Labels] = {
    "active": Words("正常", "Active"),
    "locked": Words("已锁定", "Locked"),
    "retired": Words("已离职", "Left"),
}

PASSWORDS: Final[Labels] = {
    "none": Words("没有密码", "No password"),
    "one_time": Words("一次性密码，待修改", "One-time, to be changed"),
    "expired": Words("一次性密码已过期", "One-time, expired"),
    "own": Words("本人密码", "Own password"),
}
