"""Spot checks, assessments, agents' files (rules). QUA."""
