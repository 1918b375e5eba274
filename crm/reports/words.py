"""Labels of verdicts on a clause in both languages (rules): those of the clock it was judged by. RPT-4"""

from typing import Final

from config.words import Labels
from crm.regulation.words import CLOCKS
from crm.reports.compliance import Verdict

VERDICTS: Final[Labels] = {
    Verdict.KEPT: CLOCKS["kept"],
    Verdict.BROKEN: CLOCKS["late"],
    Verdict.RUNNING: CLOCKS["running"],
    Verdict.MOVED: CLOCKS["moved"],
}
