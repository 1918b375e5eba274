"""A talk and all that becomes of it: hold, transfer, supervision, duty, farewell (flow)."""
