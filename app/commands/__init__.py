"""What `sanxiang` can be told to do besides `up` (adapter): each command, and the words of its answers."""
