"""Knowledge cards (rules). CPL-10."""
