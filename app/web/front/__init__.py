"""HTTP's edge: who may connect, how long a request may take to come, and what of it is readable at all."""
