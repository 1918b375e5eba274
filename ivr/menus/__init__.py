"""Menus: the pure interpreter, and the flow that carries out what it says (flow)."""
