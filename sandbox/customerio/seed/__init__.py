"""A workspace to begin with."""
