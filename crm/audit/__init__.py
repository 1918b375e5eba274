"""The audit trail: who did what to which record, sealed so that a change shows (rules). ACC-5, CUS-4."""
