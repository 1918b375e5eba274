"""What mails come to: letters on tickets, and those that nobody could read (flow)."""
