"""Labels of a running clause, a clock, in both languages (rules). CPL-4, RPT-4"""

from typing import Final

from config.words import Labels, Words

CLOCKS: Final[Labels] = {
    "running": Words("计时中", "Running"),
    "paused": Words("暂停", "Paused"),
    "late": Words("超时", "Late"),
    "kept": Words("按时", "Kept"),
    "moved": Words("已转出", "Passed on"),
    "merged": Words("已并入", "Merged"),
}
"""Running, standing still, or how it ended: kept, late, passed on with the case, or the case went into another."""
