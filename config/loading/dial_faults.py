"""Numbers of site.yaml that the outbound rule refuses: people on duty, and what no site may allow. Rules. FUP-10."""

from collections.abc import Iterator

from config.destination import REASON_WORDS, NotDialled, OutboundRule
from config.loading.source import Fault, Source


def dial_faults(settings: Source, rule: OutboundRule) -> Iterator[Fault]:
    """A fault for each; `rule` is that of the whole site."""
    for duty in settings.tree.children("duty"):
        for person in duty.children("people"):
            judged = rule.judge(person.text("number") or "")
            if isinstance(judged, NotDialled):
                what = f"'{judged.number}' cannot be dialled: {REASON_WORDS[judged.reason][1]}"
                yield settings.fault(
                    person.value_mark("number"), f"{what}; give a fixed or mobile number, or see outbound.allow"
                )
    outbound = settings.tree.get("outbound")
    for item in outbound.children("allow") if outbound else ():
        written = str(item.scalar)
        if not written.endswith("*") and isinstance(judged := rule.judge(written), NotDialled):
            yield settings.fault(item.mark, f"'{written}' cannot be allowed: {REASON_WORDS[judged.reason][1]}")
