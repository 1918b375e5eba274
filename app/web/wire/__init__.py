"""What is written on the wire: JSON, problem details, numbered messages to the desk (adapter)."""
