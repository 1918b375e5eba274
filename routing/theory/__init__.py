"""What an ACD must do when calls come at random: theory, simulation, staffing (rules)."""
