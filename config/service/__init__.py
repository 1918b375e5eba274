"""How a site serves: regulation, tickets, bookings, quality, channels, reports (rules)."""
