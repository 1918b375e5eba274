"""What is done with the store, one file for each slice (flow): the rules decide, the store writes."""
