"""Synthetic telephones for tests and demonstrations: SIP and RTP (adapter)."""
