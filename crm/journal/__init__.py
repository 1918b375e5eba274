"""The journal: what happened, on disk before anybody else knows (adapter). Design D5."""
