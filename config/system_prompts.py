"""The prompts that the call flow plays by itself, whatever a site's menus say: every site must have them."""

SYSTEM_PROMPTS = frozenset(
    {
        "greeting-default",
        "org-name",
        "agent-before",
        "agent-after",
        "recording-notice",
        "please-wait",
        "sorry-waited",
        "position-before",
        "position-after",
        "leave-message",
        "message-saved",
        "beep",
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
    }
    | {f"num-{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1000, 10000)}
    | {"num-2-liang", "num-1-yao"}
)
"""TEL-3, TEL-5, TEL-10, D2, FUP-1."""
