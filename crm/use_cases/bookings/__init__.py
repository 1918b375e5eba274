"""Visits and appointments (flow): the desk has the site's rules, the others are what people do. BKG-1 to BKG-5."""
