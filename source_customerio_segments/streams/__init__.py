"""The streams: what is catalogued, and how a comparison is told as records and states."""
