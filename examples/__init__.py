"""Runnable examples against the sandbox."""
