"""What the org is and holds: its schema, looking records up, what differs, what is owned."""
