"""The loop that applies changes and gives states back, and what guards and counts it."""
