"""The stream of events: Customer.io's activity log, newest first, back to where we know it."""
