"""What any step may do for a caller: answer, ask, say, look up the line (flow)."""
