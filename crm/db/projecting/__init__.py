"""The journal brought into the store, in order, once each (adapter). Design D5."""
