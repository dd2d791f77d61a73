"""What the workspace holds and what can happen in it, kept in SQLite; nothing of HTTP."""
