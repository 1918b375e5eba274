"""Waiting for an agent: the place, the words, the offer, the ways out (flow)."""
