"""How a request looks at the door, and what a browser is given to come back with."""
