"""Knowledge cards over the API (adapter). CPL-10."""
