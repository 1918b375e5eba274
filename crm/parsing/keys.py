"""Under which key a mail is known: that of its Message-ID, or of the place where it lay (rules). TKT-1."""

import hashlib


def key_of(identity: str) -> str:
    return "mail:" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
