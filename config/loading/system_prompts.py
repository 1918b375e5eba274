"""The prompts that the call flow plays by itself, whatever a site's menus say: every site must have them."""

SYSTEM_PROMPTS = frozenset(
    {
        "greeting-default",
        "org-name",
        "agent-before",
        "agent-after",
        "recording-notice",
        "please-wait",
        "hold-please",
        "sorry-waited",
        "sorry-busy",
        "position-first",
        "position-before",
        "position-after",
        "wait-short",
        "wait-before",
        "wait-after",
        "callback-offer",
        "callback-number",
        "callback-confirm",
        "callback-confirm-own",
        "callback-own-only",
        "callback-code",
        "callback-code-ask",
        "callback-enter",
        "callback-refused",
        "callback-kept",
        "callback-unavailable",
        "callback-turn",
        "message-offer",
        "leave-message",
        "message-saved",
        "beep",
        "queue-closed",
        "apology-system",
        "apology-error",
        "goodbye",
        "callback-agent",
        "callback-agent-key",
        "callback-customer",
        "reminder-intro",
        "reminder-menu",
        "reminder-confirmed",
        "reminder-change",
        "reminder-menu-cancel",
        "reminder-cancelled",
        "visit-thanks",
        "survey-ask",
        "survey-thanks",
        "transfer-failed",
        "wait-music",
    }
    | {f"num-{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1000, 10000)}
    | {"num-2-liang", "num-1-yao"}
)
"""TEL-3, TEL-5, TEL-10, D2, FUP-1, BKG-3, BKG-4."""

ENGLISH_CLIPS = frozenset(
    {f"num-{n}" for n in (*range(20), *range(20, 100, 10), 100, 1000)}
    | {"num-0-oh", "unit-dian", "time-am", "time-noon", "time-pm", "time-evening"}
    | {"greeting-default", "org-name", "agent-before", "agent-after"}
    | {"position-first", "position-one", "position-before", "position-after"}
    | {"wait-short", "wait-one", "wait-before", "wait-after"}
)
"""What the English grammar (ivr/words/english.py) puts sentences together from: half of one in Mandarin would be none.
A site whose menus offer English must have all of them in English; every other prompt falls back to Mandarin."""
